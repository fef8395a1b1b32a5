// Command goclient makes the calls that stand on standard input, with the Go
// client of the service, and writes what it answered: a JSON list either way. It
// is a module of its own so that Parley doesn't depend on that client.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	old "github.com/volcengine/volc-sdk-golang/service/rtc/v20201201"
	current "github.com/volcengine/volc-sdk-golang/service/rtc/v20230720"
)

type input struct {
	Host, AccessKeyID, SecretKey, SessionToken string
	Calls                                      []call
}

type call struct {
	Way, Action, Version string
	Body                 json.RawMessage
}

type answer struct {
	Status int    `json:"status"`
	Body   any    `json:"body"`
	Error  string `json:"error,omitempty"`
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	var todo input
	if err := json.NewDecoder(in).Decode(&todo); err != nil {
		return fmt.Errorf("read calls: %w", err)
	}
	answers := []answer{}
	for _, c := range todo.Calls {
		a, err := todo.do(context.Background(), c)
		if err != nil {
			a.Error = err.Error()
		}
		answers = append(answers, a)
	}
	return json.NewEncoder(out).Encode(answers)
}

func (in *input) do(ctx context.Context, c call) (answer, error) {
	type settings interface {
		SetHost(host string)
		SetScheme(scheme string)
		SetAccessKey(ak string)
		SetSecretKey(sk string)
		SetSessionToken(token string)
	}
	set := func(s settings) {
		s.SetHost(in.Host)
		s.SetScheme("http")
		s.SetAccessKey(in.AccessKeyID)
		s.SetSecretKey(in.SecretKey)
		s.SetSessionToken(in.SessionToken)
	}
	a, b := old.NewInstance(), current.NewInstance()
	set(a)
	set(b)
	if c.Way == "presigned" {
		query, err := b.GetSignUrl(c.Action, nil)
		if err != nil {
			return answer{}, fmt.Errorf("sign the address: %w", err)
		}
		return post(ctx, "http://"+in.Host+"/?"+query, c.Body)
	}
	switch c.Version + " " + c.Action {
	case "2020-12-01 SendUnicast":
		return typed(ctx, c, a.SendUnicast)
	case "2020-12-01 SendRoomUnicast":
		return typed(ctx, c, a.SendRoomUnicast)
	case "2020-12-01 BatchSendRoomUnicast":
		return typed(ctx, c, a.BatchSendRoomUnicast)
	case "2020-12-01 SendBroadcast":
		return typed(ctx, c, a.SendBroadcast)
	case "2020-12-01 KickUser":
		return typed(ctx, c, a.KickUser)
	case "2020-12-01 DismissRoom":
		return typed(ctx, c, a.DismissRoom)
	case "2020-12-01 BanRoomUser":
		return typed(ctx, c, a.BanRoomUser)
	case "2023-07-20 SendUnicast":
		return typed(ctx, c, b.SendUnicast)
	case "2023-07-20 SendRoomUnicast":
		return typed(ctx, c, b.SendRoomUnicast)
	case "2023-07-20 BatchSendRoomUnicast":
		return typed(ctx, c, b.BatchSendRoomUnicast)
	case "2023-07-20 SendBroadcast":
		return typed(ctx, c, b.SendBroadcast)
	}
	return answer{}, errors.New("the client has no " + c.Action + " of " + c.Version)
}

// typed makes a call by the client's own method for it.
func typed[Body, Result any](ctx context.Context, c call, method func(context.Context, *Body) (*Result, int, error)) (answer, error) {
	body := new(Body)
	if err := json.Unmarshal(c.Body, body); err != nil {
		return answer{}, fmt.Errorf("read the call's body: %w", err)
	}
	result, status, err := method(ctx, body)
	return answer{Status: status, Body: result}, err
}

func post(ctx context.Context, url string, body []byte) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer{}, err
	}
	a := answer{Status: response.StatusCode}
	err = json.NewDecoder(response.Body).Decode(&a.Body)
	return a, errors.Join(err, response.Body.Close())
}
