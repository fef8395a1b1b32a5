package main

import (
	"errors"
	"time"

	"parley/server/doctor"
)

type doctorCommand struct {
	Server   string        `help:"Address of the server, as pages reach it." default:"http://127.0.0.1:8080" placeholder:"URL"`
	Origin   string        `help:"Origin of the page: may it connect?" placeholder:"ORIGIN"`
	Page     string        `help:"Address of the page: does its policy let the SDK work? Gives the origin too." placeholder:"URL"`
	SDK      string        `name:"sdk" help:"Where the page takes parley.js from; without it from the server." placeholder:"URL"`
	App      string        `help:"App id, or the name of an app." placeholder:"APP"`
	User     string        `help:"Who logs in with the token." placeholder:"USER"`
	Token    string        `help:"Token of the page, judged and tried." placeholder:"TOKEN"`
	Secret   string        `help:"Secret of the app, to verify the token, or to try a login without one." placeholder:"SECRET" env:"PARLEY_TOKEN_SECRET"`
	Room     string        `help:"Room of the message that was not told." placeholder:"ROOM"`
	From     string        `help:"Who sent it." placeholder:"USER"`
	To       string        `help:"Who was not told." placeholder:"USER"`
	AdminKey string        `help:"The server's adminKey, which --room, --from and --to need. A dev server on this machine needs none." placeholder:"KEY" env:"PARLEY_ADMIN_KEY"`
	Timeout  time.Duration `help:"For each request." default:"5s"`
	JSON     bool          `name:"json" help:"Print the findings as JSON."`
}

// Help says more than a line can.
func (doctorCommand) Help() string {
	return `Looks at a server as a browser does and tells what is wrong, why, and what to write where. The exit status is 0 when nothing failed.

  parley doctor                                                      # the dev server on this machine
  parley doctor --server https://chat.example.com --page https://app.example.com/chat
  parley doctor --server https://chat.example.com --token "$TOKEN" --secret "$SECRET" --user alice
  parley doctor --app demo --room lobby --from alice --to bob        # why was bob not told?`
}

// Run examines the server and prints what it found.
func (c *doctorCommand) Run(con *console) error {
	report, err := doctor.Run(con, doctor.Options{
		Server: c.Server, SDK: c.SDK, Page: c.Page, Origin: c.Origin,
		App: c.App, User: c.User, Token: c.Token, Secret: c.Secret,
		Room: c.Room, From: c.From, To: c.To, AdminKey: c.AdminKey, Timeout: c.Timeout,
	})
	if err != nil {
		return err
	}
	write := report.Text
	if c.JSON {
		write = report.JSON
	}
	if err := write(con.out); err != nil {
		return err
	}
	if !report.OK {
		return errors.New("something failed, see above")
	}
	return nil
}
