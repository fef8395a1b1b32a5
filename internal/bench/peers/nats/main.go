// Command nats is a measured peer: nats-server with its WebSocket listener and its
// defaults, without TLS. It listens on loopback only and ends by itself.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

func main() {
	port := flag.Int("port", 9102, "port of the WebSocket listener on 127.0.0.1")
	life := flag.Duration("life", 10*time.Minute, "ends by itself after this long")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *life)
	defer cancel()

	nats, err := server.NewServer(&server.Options{
		Host:      "127.0.0.1",
		Port:      server.RANDOM_PORT,
		NoSigs:    true,
		NoLog:     true,
		Websocket: server.WebsocketOpts{Host: "127.0.0.1", Port: *port, NoTLS: true},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "nats:", err)
		os.Exit(1)
	}
	nats.Start()
	<-ctx.Done()
	nats.Shutdown()
	nats.WaitForShutdown()
}
