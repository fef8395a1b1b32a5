package load

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"parley/internal/token"
)

// tokenLife is longer than any run.
const tokenLife = time.Hour

// MintWith returns credentials that are minted here with an app's ServerSecret.
func MintWith(appID uint32, secret string) func(user string) (Credentials, error) {
	app := strconv.FormatUint(uint64(appID), 10)
	return func(user string) (Credentials, error) {
		now := time.Now()
		text, err := token.Mint04(token.Claims04{
			AppID: appID, User: user,
			Created: now.Unix(), Expires: now.Add(tokenLife).Unix(),
		}, secret, token.Options04{})
		if err != nil {
			return Credentials{}, fmt.Errorf("mint token: %w", err)
		}
		return Credentials{App: app, Token: text}, nil
	}
}

// DevApp asks a `parley dev` server, whose WebSocket address is server, for its
// demo app: the id and the ServerSecret to mint with.
func DevApp(ctx context.Context, server string) (appID uint32, secret string, err error) {
	u, err := url.Parse(server)
	if err != nil {
		return 0, "", fmt.Errorf("load: server address: %w", err)
	}
	address := "http://" + u.Host + "/dev/credentials?dialect=express&user=load"
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, "", fmt.Errorf("load: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", fmt.Errorf("load: ask for dev credentials: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return 0, "", fmt.Errorf("load: read dev credentials: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return 0, "", fmt.Errorf("load: dev credentials: %s: %.200s (is it a `parley dev` server?)", response.Status, body)
	}
	var said struct {
		AppID        uint32 `json:"appID"`
		ServerSecret string `json:"serverSecret"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return 0, "", fmt.Errorf("load: read dev credentials: %w", err)
	}
	return said.AppID, said.ServerSecret, nil
}
