/* What people see of what a referral needs, and of what its sender wrote: every field that says something, and no line for one that does not. */
#ifndef FASCIA_CTL_NEED_H
#define FASCIA_CTL_NEED_H

#include "ctl/call.h"

/* What is asked for of a therapist, without who the patient is. */
void ctl_show_need(struct ctl_call *call, const Fascia__Need *need);
/* As sent, with the patient's name. */
void ctl_show_content(struct ctl_call *call, const Fascia__Referral *content);

/* "Mon,Wed 09:00-12:00"; the days are left out when it is all of them. */
void ctl_write_window(FILE *out, const Fascia__Window *window);

#endif
