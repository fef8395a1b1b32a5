//go:build js && wasm

package jsx

import "parley/wasm/page"

// Run offers the dialects to the page and never returns. stamp is what the
// build gave to both sides.
func Run(stamp string, offered ...page.Dialect) {
	setEventHandler(func() bool { return false })
	dialects = offered
	json := page.AppendString([]byte(`{"stamp":`), stamp)
	json = append(json, `,"dialects":{`...)
	for i, d := range offered {
		if i > 0 {
			json = append(json, ',')
		}
		json = append(page.AppendString(json, d.Name), ":["...)
		for j, name := range d.Methods {
			if j > 0 {
				json = append(json, ',')
			}
			json = page.AppendString(json, name)
		}
		json = append(json, ']')
	}
	json = append(json, "}}"...)
	at, n := span(json)
	hostReady(at, n)
	select {}
}
