/* Asks the license agent of this device, with plain sockets:
 *
 *     license_agent check video      may this device do video now? exit 0 or 3
 *     license_agent listen           prints the state now and at each change
 *
 *     cc -o license_agent license_agent.c
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef AGENT_SOCKET
#define AGENT_SOCKET "/run/license-agent/agent.sock"
#endif

/* Connects to the agent; -1 with errno where it is down. */
static int connect_to_agent(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Sends all of a text; 0, or -1 with errno. */
static int send_all(int fd, const char *text) {
    for (size_t left = strlen(text); left > 0;) {
        ssize_t sent = send(fd, text, left, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return -1;
        text += sent;
        left -= (size_t)sent;
    }
    return 0;
}

/* Exit code of the answer to a check: 0 allowed, 3 not, 1 where there is none. */
static int check(const char *path, const char *media) {
    char request[256], answer[8192];
    size_t length = 0;
    int fd = connect_to_agent(path);
    if (fd < 0) {
        perror("the agent does not answer");
        return 1;
    }
    /* HTTP/1.0: the answer is not chunked, and the connection ends with it. */
    snprintf(request, sizeof request, "GET /v1/check?media=%s HTTP/1.0\r\nHost: agent\r\n\r\n", media);
    if (send_all(fd, request) == 0) {
        ssize_t got;
        while (length < sizeof answer - 1 &&
               (got = read(fd, answer + length, sizeof answer - 1 - length)) > 0)
            length += (size_t)got;
    }
    close(fd);
    answer[length] = '\0';
    if (strncmp(answer, "HTTP/1.1 200 ", 13) != 0 && strncmp(answer, "HTTP/1.0 200 ", 13) != 0) {
        fprintf(stderr, "the agent refuses: %s\n", answer);
        return 1;
    }
    const char *reason = strstr(answer, "\"reason\":");
    int allowed = strstr(answer, "\"allowed\":true") != NULL;
    printf("allowed: %s, reason: %d\n", allowed ? "yes" : "no", reason ? atoi(reason + 9) : 99);
    return allowed ? 0 : 3;
}

/* Prints the state at each event until the agent ends. */
static int listen_to_agent(const char *path) {
    char line[65536];
    int fd = connect_to_agent(path);
    FILE *stream = fd < 0 ? NULL : fdopen(fd, "r+");
    if (stream == NULL) {
        perror("the agent does not answer");
        return 1;
    }
    if (send_all(fd, "GET /v1/events HTTP/1.0\r\nHost: agent\r\n\r\n") != 0) return 1;
    while (fgets(line, sizeof line, stream) != NULL) {
        const char *state = strncmp(line, "data: ", 6) == 0 ? strstr(line, "\"state\":\"") : NULL;
        if (state == NULL) continue;
        state += 9;
        printf("%.*s\n", (int)strcspn(state, "\""), state);
        fflush(stdout);
    }
    fclose(stream);
    fprintf(stderr, "the agent ended\n");
    return 1;
}

int main(int argc, char **argv) {
    const char *path = getenv("AGENT_SOCKET");
    if (path == NULL) path = AGENT_SOCKET;
    if (argc == 3 && strcmp(argv[1], "check") == 0) return check(path, argv[2]);
    if (argc == 2 && strcmp(argv[1], "listen") == 0) return listen_to_agent(path);
    fprintf(stderr, "license_agent check audio|video, or license_agent listen\n");
    return 2;
}
