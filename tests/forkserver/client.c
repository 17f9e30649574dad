/* A `python` that asks the server for a fork, since Python itself takes longer to start than most of what a fork does.
 *
 * Sent: the three streams with the request's length, then the request, strings that end with NUL: umask, folder, number of
 * arguments, arguments after -E -P, environment. Received: the exit code, one byte; nothing if the fork was killed.
 *
 * What is not handed over starts as always: other words than those that gitenv writes into git's configuration, another
 * locale, a closed stream, a server that has gone. */
#include <arpa/inet.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

extern char **environ;

static int connected(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    if (server < 0 || strlen(path) >= sizeof address.sun_path) return -1;
    strcpy(address.sun_path, path);
    return connect(server, (struct sockaddr *)&address, sizeof address) ? -1 : server;
}

static int send_streams(int server, uint32_t length) {
    union { char bytes[CMSG_SPACE(3 * sizeof(int))]; struct cmsghdr aligned; } control;
    struct iovec first = {&length, sizeof length};
    struct msghdr message = {.msg_iov = &first, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(3 * sizeof(int))};
    memcpy(CMSG_DATA(header), (int[]){0, 1, 2}, 3 * sizeof(int));
    return sendmsg(server, &message, MSG_NOSIGNAL) == sizeof length;
}

static void ask(const char *path, int count, char **arguments) {
    char *request, folder[PATH_MAX];
    size_t length;
    unsigned char code;
    int server = connected(path);
    FILE *memory = open_memstream(&request, &length);
    mode_t mask = umask(077);
    umask(mask);
    if (server < 0 || !memory || !getcwd(folder, sizeof folder)) return;
    fprintf(memory, "%u%c%s%c%d%c", (unsigned)mask, 0, folder, 0, count, 0);
    for (int n = 0; n < count; n++) fprintf(memory, "%s%c", arguments[n], 0);
    for (char **each = environ; *each; each++) fprintf(memory, "%s%c", *each, 0);
    if (fclose(memory) || !send_streams(server, htonl(length))) return;
    for (size_t sent = 0, more; sent < length; sent += more)
        if ((ssize_t)(more = send(server, request + sent, length - sent, MSG_NOSIGNAL)) <= 0) _exit(70);
    if (recv(server, &code, 1, 0) != 1) raise(SIGKILL);
    _exit(code);
}

static int is(const char *text, const char *other) { return text && !strcmp(text, other); }

int main(int count, char **arguments) {
    const char *path = getenv("TESTS_OF_GITENV_SOCKET"), *locale = getenv("LC_ALL");
    if (getenv("GITENV_PRIVATE_KEY_PIPE")) /* its number means nothing in another process */
        path = NULL;
    if (!is(locale, "C.UTF-8") && !is(locale, "C")) /* gitenv gives C to its own git; Python takes both for UTF-8 */
        path = NULL;
    if (count > 5 && (is(arguments[4], "run") || is(arguments[5], "run"))) /* it becomes another program */
        path = NULL;
    if (path && *path && count > 3 && is(arguments[1], "-E") && is(arguments[2], "-P") &&
        (is(arguments[3], "-m") || is(arguments[3], "-c") || is(arguments[3], PROGRAM)))
        ask(path, count - 3, arguments + 3);
    execv(PYTHON, arguments);
    return 127;
}
