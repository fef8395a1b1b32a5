package main

import (
	"fmt"
	"os"
	"time"

	"parley/server/config"
)

type configCommand struct {
	Check configCheckCommand `cmd:"" help:"Read the settings and tell every mistake."`
	Show  configShowCommand  `cmd:"" help:"Print the settings that apply, and where each comes from. Secrets are shown as fingerprints."`
	Doc   configDocCommand   `cmd:"" help:"Print every setting with its default and meaning."`
}

type configFile struct {
	Config string            `arg:"" optional:"" help:"Settings file." type:"path"`
	Set    map[string]string `help:"Override one setting." placeholder:"KEY=VALUE"`
}

func (c *configFile) load() (config.Config, config.Provenance, error) {
	return config.Load(c.Config, os.Environ(), c.Set)
}

type configCheckCommand struct{ configFile }

// Run reports the mistakes as its error.
func (c *configCheckCommand) Run(con *console) error {
	cfg, from, err := config.Read(c.Config, os.Environ(), c.Set)
	if err != nil {
		return err
	}
	if err := config.CheckFiles(cfg, from, time.Now()); err != nil {
		return err
	}
	fmt.Fprintf(con.out, "OK: the settings are good.\n%s", config.Summary(cfg, from))
	return nil
}

type configShowCommand struct{ configFile }

// Run prints the settings.
func (c *configShowCommand) Run(con *console) error {
	cfg, from, err := c.load()
	if err != nil {
		return err
	}
	fmt.Fprint(con.out, config.Show(cfg, from))
	return nil
}

type configDocCommand struct{}

// Run prints the table of settings.
func (configDocCommand) Run(con *console) error {
	fmt.Fprint(con.out, config.Doc())
	return nil
}
