#include "core/engine.h"

void engine_settings_default(struct engine_settings *settings)
{
    *settings = (struct engine_settings){
        .offer_lifetime = {[FASCIA__PRIORITY__PRIORITY_UNSPECIFIED] = 24 * HOUR_MS,
                           [FASCIA__PRIORITY__PRIORITY_ROUTINE] = 24 * HOUR_MS,
                           [FASCIA__PRIORITY__PRIORITY_URGENT] = 4 * HOUR_MS,
                           [FASCIA__PRIORITY__PRIORITY_STAT] = 1 * HOUR_MS},
        .default_max_distance = 40000,
        .default_duration = 60,
        .default_zone = "UTC",
        .default_country = "US",
        .maximum_offers = 25,
        .maximum_open = 10000000,
    };
}
