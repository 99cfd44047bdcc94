/* Gathering what would help around postal codes. */
#include "core/memory.h"
#include "ctl/waitlist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EARTH_METRES  6371009.0
#define TOO_FAR       5       /* the square of a chord is at most 4 */
#define CENTRES_MOST  64      /* of one lack: postal codes with the most referrals, */
#define CENTRES_LEAST 8       /* but of one that many have only so many that */
#define LOOKS_MOST    2000000 /* so many distances are measured at a time */

struct spot {
    double x, y, z;
};

/* One offer to help: this row would pass with that. */
struct offer {
    char *what;        /* heap */
    const char *place; /* of the row */
    size_t row;
    bool anywhere; /* it is one therapist's deed */
};

/* All offers of one lack, by place: offers[first .. first + count). */
struct lack {
    size_t first, count;
    bool anywhere;
    size_t best;        /* how many the best centre helps; too high after others were helped */
    size_t best_centre; /* a row */
    size_t looked_at;   /* round in which that was counted */
};

struct gathering {
    Fascia__WaitingRow *const *rows;
    size_t row_count;
    struct spot *spots; /* by row */
    double *limits;     /* square of the chord that the patient would go */
    bool *helped;
    struct offer *offers;
    size_t offer_count, offer_room;
    struct lack *lacks;
    size_t lack_count;
};

static struct spot spot_of(const Fascia__Position *position)
{
    const double north = position->latitude * (M_PI / 180e6), east = position->longitude * (M_PI / 180e6);

    return (struct spot){cos(north) * cos(east), cos(north) * sin(east), sin(north)};
}

static double chord(const struct spot *a, const struct spot *b)
{
    const double x = a->x - b->x, y = a->y - b->y, z = a->z - b->z;

    return x * x + y * y + z * z;
}

static double limit_of(uint32_t metres)
{
    const double angle = ((double)metres + 1) / EARTH_METRES;
    const double half = sin((angle < M_PI ? angle : M_PI) / 2);

    return 4 * half * half;
}

static unsigned km_of(double square)
{
    return (unsigned)ceil(2 * asin(sqrt(square < 4 ? square : 4) / 2) * EARTH_METRES / 1000 - 1e-6);
}

/* ---- what each row lacks ---- */

/* Without a known place, the jurisdiction holds them together. */
static const char *place_of(const Fascia__WaitingRow *row)
{
    return row->place_position != NULL ? row->place : row->need->jurisdiction;
}

static void add_offer(struct gathering *gathering, size_t row, const Fascia__NearMiss *miss)
{
    gathering->offers =
        memory_grow(gathering->offers, &gathering->offer_room, gathering->offer_count + 1, sizeof *gathering->offers);
    gathering->offers[gathering->offer_count++] =
        (struct offer){miss != NULL ? waitlist_gap(gathering->rows[row]->need, miss, gathering->rows[row]->matched_at)
                                    : memory_text("anybody who comes near to passing"),
                       place_of(gathering->rows[row]), row, miss != NULL && waitlist_gap_is_of_therapist(miss)};
}

/* Of single gates all that are (or are not) asking somebody to give way; of pairs the first. How many. */
static size_t add_offers(struct gathering *gathering, size_t at, size_t gates, bool asking)
{
    const Fascia__WaitingRow *row = gathering->rows[at];
    size_t added = 0;

    for (size_t i = 0; i < row->n_near_misses && (gates == 1 || added == 0); i++) {
        const Fascia__NearMiss *miss = row->near_misses[i];

        if ((miss->n_gates == 1) != (gates == 1) || waitlist_gap_is_asking(miss) != asking)
            continue;
        add_offer(gathering, at, miss);
        added++;
    }
    return added;
}

/* Single gates before pairs, and in each what can be added before what must be asked for. */
static void read_row(struct gathering *gathering, size_t at)
{
    const Fascia__WaitingRow *row = gathering->rows[at];
    size_t added = 0;

    for (size_t gates = 1; gates <= 2 && added == 0; gates++) {
        added = add_offers(gathering, at, gates, false);
        if (added == 0)
            added = add_offers(gathering, at, gates, true);
    }
    if (added == 0)
        add_offer(gathering, at, NULL);
    if (row->place_position != NULL)
        gathering->spots[at] = spot_of(row->place_position);
    gathering->limits[at] = limit_of(row->need->max_distance);
}

static int by_lack(const void *left, const void *right)
{
    const struct offer *a = left, *b = right;
    int order = strcmp(a->what, b->what);

    if (order == 0)
        order = strcmp(a->place, b->place);
    return order != 0 ? order : (a->row > b->row) - (a->row < b->row);
}

static void list_lacks(struct gathering *gathering)
{
    struct lack *lack = NULL;

    qsort(gathering->offers, gathering->offer_count, sizeof *gathering->offers, by_lack);
    gathering->lacks = memory_allocate(gathering->offer_count, sizeof *gathering->lacks);
    for (size_t i = 0; i < gathering->offer_count; i++) {
        if (lack == NULL || strcmp(gathering->offers[lack->first].what, gathering->offers[i].what) != 0) {
            lack = &gathering->lacks[gathering->lack_count++];
            *lack = (struct lack){.first = i, .anywhere = gathering->offers[i].anywhere};
        }
        lack->count++;
    }
}

/* ---- where it would help ---- */

/* Square of the chord between two rows' places. Where one is not known: nothing when both are only known by the same jurisdiction, else too far. */
static double between(const struct gathering *gathering, size_t row, size_t centre)
{
    const Fascia__WaitingRow *one = gathering->rows[row], *other = gathering->rows[centre];

    if (one->place_position == NULL || other->place_position == NULL)
        return one->place_position == other->place_position && strcmp(place_of(one), place_of(other)) == 0 ? 0
                                                                                                           : TOO_FAR;
    return chord(&gathering->spots[row], &gathering->spots[centre]);
}

struct centre {
    const char *place;
    size_t row, count;
};

static int by_count(const void *left, const void *right)
{
    const struct centre *a = left, *b = right;

    return a->count != b->count ? (a->count < b->count ? 1 : -1) : (a->row > b->row) - (a->row < b->row);
}

/* The places of those not helped yet, those with the most first; how many. */
static size_t list_centres(const struct gathering *gathering, const struct lack *lack, struct centre *centres)
{
    const size_t affordable = LOOKS_MOST / lack->count;
    const size_t most = affordable > CENTRES_MOST    ? CENTRES_MOST
                        : affordable < CENTRES_LEAST ? CENTRES_LEAST
                                                     : affordable;
    size_t count = 0;

    for (size_t i = 0; i < lack->count; i++) {
        const struct offer *offer = &gathering->offers[lack->first + i];

        if (gathering->helped[offer->row])
            continue;
        if (count > 0 && strcmp(centres[count - 1].place, offer->place) == 0)
            centres[count - 1].count++;
        else
            centres[count++] = (struct centre){offer->place, offer->row, 1};
    }
    qsort(centres, count, sizeof *centres, by_count);
    return count < most ? count : most;
}

/* Offers of one place stand together. */
static size_t count_helped(const struct gathering *gathering, const struct lack *lack, size_t centre)
{
    const struct offer *before = NULL;
    double distance = 0;
    size_t helped = 0;

    for (size_t i = 0; i < lack->count; i++) {
        const struct offer *offer = &gathering->offers[lack->first + i];

        if (gathering->helped[offer->row])
            continue;
        if (!lack->anywhere && (before == NULL || strcmp(before->place, offer->place) != 0))
            distance = between(gathering, offer->row, centre);
        before = offer;
        helped += distance < gathering->limits[offer->row];
    }
    return helped;
}

static void look_at(struct gathering *gathering, struct lack *lack, size_t round)
{
    struct centre *centres = memory_allocate(lack->count, sizeof *centres);
    const size_t count = list_centres(gathering, lack, centres);

    lack->best = 0;
    lack->looked_at = round;
    for (size_t i = 0; i < count; i++) {
        const size_t helped = count_helped(gathering, lack, centres[i].row);

        if (helped > lack->best) {
            lack->best = helped;
            lack->best_centre = centres[i].row;
        }
    }
    free(centres);
}

/* What was counted before others were helped is an upper bound, so most need not be counted again. */
static struct lack *largest(struct gathering *gathering, size_t round)
{
    for (;;) {
        struct lack *best = NULL;

        for (size_t i = 0; i < gathering->lack_count; i++)
            if (best == NULL || gathering->lacks[i].best > best->best)
                best = &gathering->lacks[i];
        if (best == NULL || best->best == 0)
            return NULL;
        if (best->looked_at == round)
            return best;
        look_at(gathering, best, round);
    }
}

static void take(struct gathering *gathering, const struct lack *lack, struct waitlist_help *help)
{
    const Fascia__WaitingRow *centre = gathering->rows[lack->best_centre];
    double farthest = 0;

    *help = (struct waitlist_help){.what = memory_text(gathering->offers[lack->first].what),
                                   .place = lack->anywhere ? "" : place_of(centre),
                                   .placed = !lack->anywhere && centre->place_position != NULL};
    for (size_t i = 0; i < lack->count; i++) {
        const size_t row = gathering->offers[lack->first + i].row;
        const double distance = lack->anywhere ? 0 : between(gathering, row, lack->best_centre);

        if (gathering->helped[row] || distance >= gathering->limits[row])
            continue;
        gathering->helped[row] = true;
        help->referrals++;
        help->urgent += gathering->rows[row]->priority >= FASCIA__PRIORITY__PRIORITY_URGENT;
        if (help->oldest == 0 || gathering->rows[row]->referral < help->oldest)
            help->oldest = gathering->rows[row]->referral;
        farthest = fmax(farthest, distance);
    }
    help->km = km_of(farthest);
}

size_t waitlist_helps(Fascia__WaitingRow *const *rows, size_t count, struct waitlist_help *helps, size_t most)
{
    struct gathering gathering = {.rows = rows, .row_count = count};
    struct lack *lack;
    size_t given = 0;

    if (count == 0)
        return 0;
    gathering.spots = memory_allocate(count, sizeof *gathering.spots);
    gathering.limits = memory_allocate(count, sizeof *gathering.limits);
    gathering.helped = memory_allocate(count, sizeof *gathering.helped);
    for (size_t i = 0; i < count; i++)
        read_row(&gathering, i);
    list_lacks(&gathering);
    for (size_t i = 0; i < gathering.lack_count; i++)
        gathering.lacks[i].best = gathering.lacks[i].count;
    while (given < most && (lack = largest(&gathering, given + 1)) != NULL)
        take(&gathering, lack, &helps[given++]);
    for (size_t i = 0; i < gathering.offer_count; i++)
        free(gathering.offers[i].what);
    free(gathering.offers);
    free(gathering.lacks);
    free(gathering.spots);
    free(gathering.limits);
    free(gathering.helped);
    return given;
}
