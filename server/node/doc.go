// Package node puts a server together: bus, rooms, gateway, and the HTTP that
// stands around them. Order of start: settings checked, bus, rooms, gateway,
// listener. Order of stop: the reverse, with the clients asked to come back.
package node
