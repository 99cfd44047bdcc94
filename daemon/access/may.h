/*
 * The one table of who may ask what. What is not in it is forbidden to everybody; a test fails when a request or a command is added and this table says nothing of it.
 *
 * A principal may ask when one of their roles may, and a client besides only what a scope of its token is for. What follows is the reach: the core lets nobody
 * see or touch a referral outside of it. It comes only from those roles that may ask this: a therapist who is a referrer too books visits as a therapist.
 *
 *     referrer     the referrals of their sender
 *     therapist    those that they are offered, or have
 *     coordinator  all
 *     admin        none
 */
#ifndef FASCIA_ACCESS_MAY_H
#define FASCIA_ACCESS_MAY_H

#include "fascia/v1/access.pb-c.h"
#include "fascia/v1/control.pb-c.h"

#include <stdbool.h>

struct access_decision {
    bool may;
    bool all;            /* reaches every referral: Command.reach and ControlRequest.reach stay away */
    Fascia__Reach reach; /* else; its texts are the principal's. With neither sender nor therapist it reaches none */
    char why[128];       /* not: for the sender's answer */
};
/* Any thread. request: as the principal asks it; reach and actor in it are not looked at. */
void access_may(const Fascia__Principal *principal, const Fascia__ControlRequest *request,
                struct access_decision *decision);

/* Whether the table says something of this case, for the test. */
bool access_knows_request(Fascia__ControlRequest__BodyCase body);
bool access_knows_command(Fascia__Command__BodyCase body);

#endif
