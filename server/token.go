package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"parley/internal/token"
	"parley/server/config"
)

type tokenCommand struct {
	Express expressTokenCommand `cmd:"" help:"Make a token04 for loginRoom of the Express dialect."`
	Volc    volcTokenCommand    `cmd:"" help:"Make a 001 token for login or joinRoom of the Volc dialect."`
	Inspect inspectTokenCommand `cmd:"" help:"Decode a token and say whether a login with it would succeed, or why not."`
}

type expressTokenCommand struct {
	User   string        `arg:"" help:"User id that the token is for: the very one that logs in."`
	AppID  uint32        `help:"App id. The dev app demo has ${default}." default:"1000000001"`
	Secret string        `help:"Server secret of the app, 32 characters as they are; without it that of the dev app." placeholder:"SECRET" env:"PARLEY_TOKEN_SECRET"`
	TTL    time.Duration `help:"Lifetime, such as 60s or 24h." default:"1h"`
	Room   string        `help:"Only for this room; without it for every room." placeholder:"ROOM"`
	GCM    bool          `help:"Authenticated form (AES-GCM) instead of CBC."`
}

// Help says more than a line can.
func (expressTokenCommand) Help() string {
	return `The token alone is printed, fit for a variable:

  TOKEN=$(parley token express alice --app-id 1234567890 --secret "$SECRET")

Minting here is for trying out. Pages get their tokens from a server of yours: docs/tokens.md has one each in Go, Node and Python.`
}

// Run prints the token.
func (c *expressTokenCommand) Run(con *console) error {
	secret := c.Secret
	if secret == "" {
		for _, app := range config.DevApps() {
			if app.AppID == c.AppID {
				secret = string(app.ServerSecrets[0])
			}
		}
	}
	if secret == "" {
		return fmt.Errorf("app %d is not a dev app: give its server secret, 32 characters, with --secret or in PARLEY_TOKEN_SECRET", c.AppID)
	}
	payload := ""
	if c.Room != "" {
		var err error
		privilege := token.Privilege04{RoomID: c.Room, Rights: map[string]int{token.RightLogin: 1, token.RightPublish: 1}}
		if payload, err = privilege.Payload(); err != nil {
			return err
		}
	}
	now := time.Now()
	text, err := token.Mint04(token.Claims04{
		AppID: c.AppID, User: c.User, Created: now.Unix(), Expires: now.Add(c.TTL).Unix(), Payload: payload,
	}, secret, token.Options04{GCM: c.GCM})
	if err != nil {
		return err
	}
	fmt.Fprintln(con.out, text)
	return nil
}

type volcTokenCommand struct {
	User  string        `arg:"" help:"User id that the token is for."`
	Room  string        `help:"For joinRoom: the room, or * for all rooms. Without it the token is for login and opens no room." placeholder:"ROOM"`
	AppID string        `help:"App id, 24 characters. The dev app demo has ${default}." default:"d00000000000000000000001"`
	Key   string        `help:"App key; without it that of the dev app." placeholder:"KEY" env:"PARLEY_TOKEN_SECRET"`
	TTL   time.Duration `help:"Lifetime; 0 = for ever." default:"1h"`
}

// Run prints the token.
func (c *volcTokenCommand) Run(con *console) error {
	key := c.Key
	if key == "" {
		for _, app := range config.DevApps() {
			if app.VolcAppID == c.AppID {
				key = string(app.VolcAppKey)
			}
		}
	}
	if key == "" {
		return fmt.Errorf("app %s is not a dev app: give its app key with --key or in PARLEY_TOKEN_SECRET", c.AppID)
	}
	if c.TTL < 0 {
		return fmt.Errorf("the lifetime %v is over before it begins: give a positive --ttl, or 0 for a token without an end", c.TTL)
	}
	now := time.Now()
	claims := token.Claims001{
		AppID: c.AppID, User: c.User, Room: c.Room, Issued: now.Unix(),
		Rights: map[token.Right001]int64{token.PublishStream: 0, token.SubscribeStream: 0},
	}
	if c.TTL > 0 {
		claims.Expires = now.Add(c.TTL).Unix()
	}
	text, err := token.Mint001(claims, key, token.Options001{})
	if err != nil {
		return err
	}
	fmt.Fprintln(con.out, text)
	return nil
}

type inspectTokenCommand struct {
	Token  string   `arg:"" help:"The token, as the page got it."`
	Secret []string `help:"Secrets, or app keys, to try; without any those of the dev apps." placeholder:"SECRET" env:"PARLEY_TOKEN_SECRET"`
	AppID  string   `help:"App id that the page uses; judged against the token's." placeholder:"ID"`
	User   string   `help:"User id that logs in; judged likewise." placeholder:"USER"`
	Room   string   `help:"Room that is entered; judged likewise." placeholder:"ROOM"`
}

// Help says more than a line can.
func (inspectTokenCommand) Help() string {
	return `Prints what stands in the token, a verdict, and what to do when it is bad. The exit status is 0 for a good token.

Without the right secret only layout and expiry can be read. To judge a whole login, say who enters what:

  parley token inspect "$TOKEN" --secret "$SECRET" --app-id 1234567890 --user alice --room lobby`
}

// Run prints what is in the token and whether it is good.
func (c *inspectTokenCommand) Run(con *console) error {
	secrets := c.Secret
	if len(secrets) == 0 {
		for _, app := range config.DevApps() {
			if strings.HasPrefix(c.Token, "001") {
				secrets = append(secrets, string(app.VolcAppKey))
			} else {
				secrets = append(secrets, app.SecretTexts()...)
			}
		}
	}
	report := token.Inspect(c.Token, secrets, time.Now()).For(c.AppID, c.User, c.Room)
	fmt.Fprintln(con.out, report.String())
	if report.Problem != nil {
		next := "see the fix above"
		if (report.Problem.Reason == token.Undecryptable || report.Problem.Reason == token.WrongSignature) && len(c.Secret) == 0 {
			next = "no dev app made it: give the secret of its app with --secret or in PARLEY_TOKEN_SECRET"
		}
		return errors.New("a login with this token would be refused; " + next)
	}
	return nil
}
