#include "ctl/link.h"

#include "core/memory.h"
#include "core/message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

struct ctl_link {
    int socket;
    void (*progress)(void *context, const Fascia__ControlResponse *response);
    void *progress_context;
};

static const char *why(int error)
{
    switch (error) {
    case ENOENT:
        return "there is no such socket: is fasciad running, and is this the control_socket of its configuration?";
    case ECONNREFUSED:
        return "nobody listens there: is fasciad running?";
    case EACCES:
    case EPERM:
        return "this user may not: the socket's permissions decide who may (control_mode, control_group)";
    default:
        return strerror(error);
    }
}

enum ctl_link_status ctl_link_open(const char *path, unsigned timeout, struct ctl_link **link, struct fault *fault)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = timeout};
    int opened;

    if (strlen(path) >= sizeof address.sun_path) {
        fault_set(fault, "the socket's path is longer than %zu bytes", sizeof address.sun_path - 1);
        return CTL_LINK_UNREACHABLE;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    opened = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (opened < 0 || connect(opened, (const struct sockaddr *)&address, sizeof address) != 0) {
        fault_set(fault, "%s: %s", path, why(errno));
        if (opened >= 0)
            close(opened);
        return CTL_LINK_UNREACHABLE;
    }
    setsockopt(opened, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(opened, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    *link = memory_allocate(1, sizeof **link);
    (*link)->socket = opened;
    return CTL_LINK_OK;
}

void ctl_link_close(struct ctl_link *link)
{
    if (link == NULL)
        return;
    close(link->socket);
    free(link);
}

void ctl_link_watch(struct ctl_link *link, void (*progress)(void *context, const Fascia__ControlResponse *response),
                    void *context)
{
    link->progress = progress;
    link->progress_context = context;
}

static bool broken(struct fault *fault, int error)
{
    if (error == EAGAIN || error == EWOULDBLOCK)
        fault_set(fault, "the daemon did not answer in time");
    else if (error == 0)
        fault_set(fault, "the daemon closed the connection before it answered");
    else
        fault_set(fault, "the conversation with the daemon broke off: %s", strerror(error));
    return false;
}

static bool send_all(struct ctl_link *link, const uint8_t *bytes, size_t size, struct fault *fault)
{
    while (size > 0) {
        const ssize_t sent = send(link->socket, bytes, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return broken(fault, errno);
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

static bool receive_all(struct ctl_link *link, uint8_t *bytes, size_t size, struct fault *fault)
{
    while (size > 0) {
        const ssize_t received = recv(link->socket, bytes, size, 0);
        if (received < 0 && errno == EINTR)
            continue;
        if (received <= 0)
            return broken(fault, received == 0 ? 0 : errno);
        bytes += received;
        size -= (size_t)received;
    }
    return true;
}

enum ctl_link_status ctl_link_send(struct ctl_link *link, const Fascia__ControlRequest *request, struct fault *fault)
{
    const size_t size = fascia__control_request__get_packed_size(request);
    const uint32_t length = htonl((uint32_t)size);
    uint8_t *frame;
    bool sent;

    if (size > CTL_REQUEST_BYTES) {
        fault_set(fault, "the request is larger than the daemon takes (%u bytes)", CTL_REQUEST_BYTES);
        return CTL_LINK_BROKEN;
    }
    frame = memory_allocate(4 + size, 1);
    memcpy(frame, &length, 4);
    fascia__control_request__pack(request, frame + 4);
    sent = send_all(link, frame, 4 + size, fault);
    free(frame);
    return sent ? CTL_LINK_OK : CTL_LINK_BROKEN;
}

/* Adds one frame's bytes behind the others: messages that stand one behind the other read as one. */
static bool receive_frame(struct ctl_link *link, uint8_t **bytes, size_t *size, size_t *room, bool *last,
                          struct fault *fault)
{
    Fascia__ControlResponse *response;
    uint32_t length;

    if (!receive_all(link, (uint8_t *)&length, 4, fault))
        return false;
    length = ntohl(length);
    if (length > CTL_ANSWER_BYTES - *size) {
        fault_set(fault, "the daemon's answer is larger than %u bytes", CTL_ANSWER_BYTES);
        return false;
    }
    *bytes = memory_grow(*bytes, room, *size + length + 1, 1);
    if (!receive_all(link, *bytes + *size, length, fault))
        return false;
    response = message_receive(&fascia__control_response__descriptor, *bytes + *size, length);
    if (response == NULL) {
        fault_set(fault, "the daemon's answer can't be read: fasciactl and fasciad are of different releases?");
        return false;
    }
    *last = response->last;
    if (!response->last && response->replay != NULL) {
        if (link->progress != NULL)
            link->progress(link->progress_context, response);
    } else {
        *size += length;
    }
    fascia__control_response__free_unpacked(response, NULL);
    return true;
}

enum ctl_link_status ctl_link_receive(struct ctl_link *link, Fascia__ControlResponse **response, struct fault *fault)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    size_t room = 0;
    bool last = false;
    bool good = true;

    while (good && !last)
        good = receive_frame(link, &bytes, &size, &room, &last, fault);
    *response = good ? message_receive(&fascia__control_response__descriptor, bytes, size) : NULL;
    free(bytes);
    if (good && *response == NULL)
        fault_set(fault, "the daemon's answer can't be read: fasciactl and fasciad are of different releases?");
    return *response != NULL ? CTL_LINK_OK : CTL_LINK_BROKEN;
}
