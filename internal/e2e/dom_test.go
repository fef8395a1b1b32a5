package e2e

import (
	"context"
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// shows waits until the document fulfils a condition. $(name) is the element
// whose data-test is that, all(name) the list of them; a second argument is
// where to look.
func (p *tab) shows(condition string) {
	p.t.Helper()
	p.run(dom + "await T.shown(() => " + condition + ")")
}

// look returns an expression's value, with the names of shows in scope.
func (p *tab) look(expression string) any {
	p.t.Helper()
	return p.run(dom + "return (" + expression + ")")
}

const dom = `
	const all = (name, within = document) => [...within.querySelectorAll('[data-test="' + name + '"]')];
	const $ = (name, within = document) => within.querySelector('[data-test="' + name + '"]');
	const panel = (user) => all("panel").find((p) => p.dataset.user === user);
`

// click clicks the first element of a selector as a person does.
func (p *tab) click(selector string) {
	p.t.Helper()
	p.do("click "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// fill writes text into an input or a text area, in the place of what is there.
func (p *tab) fill(selector, text string) {
	p.t.Helper()
	p.run("const field = document.querySelector(" + quote(selector) + "); field.focus(); field.select()")
	p.do("type into "+selector, chromedp.KeyEvent(text))
}

// press presses keys.
func (p *tab) press(keys string) {
	p.t.Helper()
	p.do("press", chromedp.KeyEvent(keys))
}

func (p *tab) do(what string, action chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, stepLimit)
	defer cancel()
	if err := chromedp.Do(ctx, action); err != nil {
		p.t.Fatalf("%s: %v\nthe page shows: %v", what, err, p.run("return document.body.innerText.slice(0, 2000)"))
	}
}

// view sets the size of the window and the colour scheme that the person wants.
func (p *tab) view(width, height int64, scheme string) {
	p.t.Helper()
	p.do("resize", chromedp.EmulateViewport(width, height))
	params := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, params); err != nil {
		p.t.Fatal(err)
	}
}

// shoot saves a picture of what the window shows as dist/e2e/name.png, for
// people to look at. What moves comes to rest first. (Capturing beyond the
// window's edge would lay the page out anew, which starts animations.)
func (p *tab) shoot(name string) {
	p.t.Helper()
	p.run(`await new Promise((go) => requestAnimationFrame(go)); await Promise.allSettled(document.getAnimations().map((a) => a.finished))`)
	ctx, cancel := context.WithTimeout(p.ctx, stepLimit)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatalf("picture %s: %v", name, err)
	}
	dir := filepath.Join(root, "dist", "e2e")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// fits fails the test when the page is wider than the window.
func (p *tab) fits(what string) {
	p.t.Helper()
	compare(p.t, what+" fits the window", p.run("return document.documentElement.scrollWidth <= innerWidth"), "true")
}
