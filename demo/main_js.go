//go:build js && wasm

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"syscall/js"

	"github.com/vugu/vugu"
	"github.com/vugu/vugu/domrender"

	"parley/demo/chat"
	"parley/demo/sdk"
	"parley/demo/ui"
)

// defaultRoom is where a page without ?room= goes.
const defaultRoom = "lobby"

// main shows the page until the tab closes. An error ends the program, and
// boot.js, which watches for that, says so on the page.
func main() {
	if err := run(); err != nil {
		js.Global().Get("console").Call("error", "demo: "+err.Error())
	}
}

func run() error {
	renderer, err := newRenderer()
	if err != nil {
		return fmt.Errorf("start the renderer: %w", err)
	}
	env := renderer.EventEnv()
	builds, err := vugu.NewBuildEnv(env)
	if err != nil {
		return fmt.Errorf("start the renderer: %w", err)
	}
	query := addressQuery()
	room := query.Get("room")
	if room == "" {
		room = defaultRoom
	}
	app := ui.NewApp(env, backend{}, rand.IntN, query.Get("user"), room)
	go watchSDK(env, app)
	if query.Get("join") == "1" {
		env.Lock()
		app.Users[0].Join()
		env.UnlockRender()
	}
	for more := true; more; more = renderer.EventWait() {
		env.RLock()
		built := builds.RunBuild(app)
		env.RUnlock()
		if err := renderer.Render(built); err != nil {
			return fmt.Errorf("draw the page: %w", err)
		}
	}
	return nil
}

// newRenderer makes vugu's renderer. Its script is loaded as a file, so the
// copy that it would evaluate isn't needed, and under the page's content
// security policy isn't allowed: eval does nothing meanwhile.
func newRenderer() (*domrender.JSRenderer, error) {
	window := js.Global()
	eval := window.Get("eval")
	nothing := js.FuncOf(func(js.Value, []js.Value) any { return nil })
	defer nothing.Release()
	window.Set("eval", nothing)
	defer window.Set("eval", eval)
	return domrender.New("#app")
}

// watchSDK says on the page when the SDK's own wasm doesn't start.
func watchSDK(env vugu.EventEnv, app *ui.App) {
	err := sdk.Page{}.Ready(context.Background()) // for as long as the page lives
	if err == nil {
		return
	}
	env.Lock()
	app.Trouble = chat.Explain(err)
	env.UnlockRender()
}

// addressQuery reads the page's own query. An odd one counts as what of it
// can be read.
func addressQuery() url.Values {
	search := js.Global().Get("location").Get("search").String()
	if search != "" {
		search = search[1:]
	}
	query, _ := url.ParseQuery(search) // the readable part comes with the error
	return query
}

// backend is the SDK in the shape that chat wants.
type backend struct{ sdk.Page }

func (b backend) Open(c sdk.Credentials, listen func(sdk.Event)) (chat.Engine, error) {
	engine, err := b.Page.Open(c, listen)
	if err != nil {
		return nil, err // not engine: a nil *sdk.Engine is not a nil chat.Engine
	}
	return engine, nil
}

func (b backend) OpenCaller(c sdk.CallerCredentials, listen func(sdk.Event)) (chat.Caller, error) {
	caller, err := b.Page.OpenCaller(c, listen)
	if err != nil {
		return nil, err // not caller, as above
	}
	return caller, nil
}

var (
	_ ui.Backend  = backend{}
	_ chat.Caller = (*sdk.Caller)(nil)
	_ chat.Engine = (*sdk.Engine)(nil)
)
