#include "plugin/health.h"

void health_started(struct health *health, int64_t now)
{
    health->started = now;
}

int64_t health_failed(struct health *health, int64_t now)
{
    int64_t pause = HEALTH_PAUSE_FIRST;

    if (health->started > 0 && now - health->started >= HEALTH_WELL)
        health->failures = 0;
    health->started = 0;
    health->failures++;
    health->restarts++;
    health->broken = health->failures > HEALTH_FAILURES;
    if (health->broken)
        return HEALTH_BROKEN;
    if (health->failures == 1)
        return 0;
    for (uint32_t i = 2; i < health->failures && pause < HEALTH_PAUSE_MOST; i++)
        pause *= 2;
    return pause < HEALTH_PAUSE_MOST ? pause : HEALTH_PAUSE_MOST;
}

void health_reset(struct health *health)
{
    health->failures = 0;
    health->broken = false;
}
