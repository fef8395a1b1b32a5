// Package doctor finds out, from where a browser stands, why pages can't use a
// server, or why a message was not told: whether the server answers, whether the
// WebSocket passes what is in front of it, clocks, origins, tokens, the SDK's files,
// a page's policy, and, by the server's admin API, the causes between two users.
//
// One file per subject; each adds findings to a Report and asks nothing that another
// has found out. A finding that is not ok names the next step and, where a setting
// or a line of a proxy is missing, that very line.
//
// It changes nothing on the server: the logins that it tries are of a device of its
// own, enter no room, and end at once.
package doctor
