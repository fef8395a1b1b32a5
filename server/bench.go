package main

import (
	"encoding/json"
	"fmt"
	"time"

	"parley/internal/load"
	"parley/server/config"
)

type benchCommand struct {
	Server   string        `help:"WebSocket of the server." default:"ws://127.0.0.1:8080/ws" placeholder:"URL"`
	Mode     string        `help:"fanout: one room, one publisher; pairs: one to one; idle: memory of idle members." enum:"fanout,pairs,idle" default:"fanout"`
	Members  int           `help:"Connections that join; 0 = as the mode has it." placeholder:"N"`
	Rooms    int           `help:"Rooms, in idle mode." default:"100"`
	Bytes    int           `help:"Length of a message." default:"128"`
	Window   int           `help:"Messages outstanding at any time (closed loop)." placeholder:"N"`
	Rate     float64       `help:"Deliveries per second over all members, instead of a window." placeholder:"N"`
	Duration time.Duration `help:"Length of the measurement." default:"3s"`
	AppID    uint32        `help:"App id. The dev app demo has ${default}." default:"1000000001"`
	Secret   string        `help:"Server secret of the app; without it that of the dev app." placeholder:"SECRET" env:"PARLEY_TOKEN_SECRET"`
	PID      int           `help:"Process id of the server on this machine, to measure its CPU time and memory." placeholder:"PID"`
}

// Run loads the server and prints what it measured as JSON.
func (c *benchCommand) Run(con *console) error {
	secret := c.Secret
	for _, app := range config.DevApps() {
		if secret == "" && app.AppID == c.AppID {
			secret = string(app.ServerSecrets[0])
		}
	}
	options := load.Options{
		Server: c.Server, Mode: load.Mode(c.Mode), Members: c.Members, Rooms: c.Rooms, PayloadBytes: c.Bytes,
		ServerPID: c.PID, ServerCore: -1, Credentials: load.MintWith(c.AppID, secret),
	}
	if c.Window > 0 || c.Rate > 0 {
		options.Loads = []load.Load{{Window: c.Window, Rate: c.Rate, Duration: c.Duration}}
	}
	fmt.Fprintf(con.err, "Loading %s. A server with rate limits refuses most of it: parley dev --limits off.\n", c.Server)
	result, err := load.Run(con, options)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(con.out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(result)
}
