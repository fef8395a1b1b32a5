package e2e

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

//go:embed testdata/recorder.js
var recorder string

// runLimit bounds one piece of JavaScript; conditions have a shorter limit of
// their own, which says more.
const runLimit = 60 * time.Second

// stepLimit bounds one step of the browser's.
const stepLimit = 20 * time.Second

// tab is one page in the browser, as a test sees it. Only one goroutine may use
// it.
type tab struct {
	*console

	t   *testing.T
	ctx context.Context
}

// console is what a page has said. It goes to the log of the test that opened
// the page.
type console struct {
	t *testing.T

	mu         sync.Mutex
	over       bool
	closed     bool
	allowed    []string
	exceptions []string
}

// in returns the page for a subtest of the test that opened it.
func (p *tab) in(t *testing.T) *tab {
	t.Helper()
	return &tab{console: p.console, t: t, ctx: p.ctx}
}

// openPage opens a page of the dev server's neighbour origin, with the SDK in a
// script tag.
func openPage(t *testing.T) *tab {
	t.Helper()
	return openURL(t, pages.page(dev, nil))
}

// openURL opens any page and waits until it has loaded. The page fails the test
// when it has an exception that was not allowed.
func openURL(t *testing.T, url string) *tab {
	t.Helper()
	p := emptyTab(t)
	p.navigate(url)
	return p
}

// emptyTab opens about:blank.
func emptyTab(t *testing.T) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(chromium)
	p := &tab{console: &console{t: t}, t: t, ctx: ctx}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, p.hear); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: recorder}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// A round trip: what the page threw before is heard by now.
		limited, done := context.WithTimeout(ctx, stepLimit)
		defer done()
		if !p.closed {
			if err := chromedp.Do(limited, chromedp.Evaluate[chromedp.Void](`0`)); err != nil {
				t.Errorf("the page does not answer: %v", err)
			}
		}
		p.mu.Lock()
		p.over = true
		for _, text := range p.exceptions {
			t.Errorf("the page threw: %s", text)
		}
		p.mu.Unlock()
		cancel()
	})
	return p
}

func (p *tab) navigate(url string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, stepLimit)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		p.t.Fatalf("open %s: %v", url, err)
	}
}

// back goes back in the page's history and waits for the page to be shown. A
// page out of the browser's back-forward cache has no load event.
func (p *tab) back() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, stepLimit)
	defer cancel()
	history, err := chromedp.Call(ctx, page.GetNavigationHistory, cdp.Empty{})
	if err != nil {
		p.t.Fatal(err)
	}
	shown := chromedp.WaitEvent(page.FrameNavigated, func(page.EventFrameNavigated) bool { return true },
		func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
			entry := history.Entries[history.CurrentIndex-1].ID
			_, err := cdp.Call(ctx, t, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: entry})
			return chromedp.Void{}, err
		})
	if _, err := chromedp.Run(ctx, shown); err != nil {
		p.t.Fatalf("go back: %v", err)
	}
}

// close closes the page as a person does.
func (p *tab) close() {
	p.t.Helper()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	if _, err := chromedp.Call(p.ctx, page.Close, cdp.Empty{}); err != nil {
		p.t.Fatal(err)
	}
}

// offline takes the page's network away, or gives it back.
func (p *tab) offline(is bool) {
	p.t.Helper()
	params := network.OverrideNetworkStateParams{Offline: is, DownloadThroughput: -1, UploadThroughput: -1}
	if _, err := chromedp.Call(p.ctx, network.OverrideNetworkState, params); err != nil {
		p.t.Fatal(err)
	}
}

// allow expects exceptions whose text has a part like this.
func (c *console) allow(part string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.allowed = append(c.allowed, part)
}

// hear takes the page's console and exceptions to the test's log. It runs on
// the goroutine that reads from the browser.
func (c *console) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		var words []string
		for _, arg := range e.Args {
			if len(arg.Value) > 0 {
				words = append(words, string(arg.Value))
			} else {
				words = append(words, arg.Description)
			}
		}
		c.say("console." + string(e.Type) + ": " + strings.Join(words, " "))
	case *log.EventEntryAdded:
		c.say("browser: " + e.Entry.Text + " " + e.Entry.URL)
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if thrown := e.ExceptionDetails.Exception; thrown != nil {
			text += " " + thrown.Description + string(thrown.Value)
		}
		c.say("exception: " + text)
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, part := range c.allowed {
			if strings.Contains(text, part) {
				return
			}
		}
		c.exceptions = append(c.exceptions, text)
	}
}

func (c *console) say(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.t.Log(line)
	}
}

// run runs the body of an async function and returns what it returns.
func (p *tab) run(body string) any {
	p.t.Helper()
	return p.runAs(p.t, "", body)
}

// wants compares an expression's value, awaited, with JSON (see match).
func (p *tab) wants(expression, want string) {
	p.t.Helper()
	compare(p.t, expression, p.run("return ("+expression+")"), want)
}

// scope is what a user of the recorder offers to a test's code.
const scope = "{ engine, room, cred, userID, token, person, got, order, states, messages, heard, login, note, keep, until, settle, plain }"

// runAs runs a body in the scope of a user of the page, for a test.
func (p *tab) runAs(t *testing.T, id, body string) any {
	t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, runLimit)
	defer cancel()
	names, who := "{ note, until, settle, plain }", "undefined"
	if id != "" {
		names, who = scope, quote(id)
	}
	expression := fmt.Sprintf("T.run(async (%s) => {%s\n}, %s)", names, body, who)
	answer, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s\nfailed: %v", body, err)
	}
	var result struct {
		Value  any
		Thrown any
		Stack  string
	}
	if err := json.Unmarshal([]byte(answer), &result); err != nil {
		t.Fatalf("%s\nanswered %q: %v", body, answer, err)
	}
	if result.Thrown != nil {
		if result.Stack == "" {
			result.Stack = quote(result.Thrown)
		}
		t.Fatalf("%s\nthrew %s", body, result.Stack)
	}
	return result.Value
}

// quote writes a value as JavaScript.
func quote(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // callers give strings, and what was read from JSON
	}
	return string(text)
}
