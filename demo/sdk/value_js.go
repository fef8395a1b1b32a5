//go:build js && wasm

package sdk

import (
	"fmt"
	"math"
	"syscall/js"
	"time"
)

// scope owns the functions that Go has lent to JavaScript.
type scope struct{ lent []js.Func }

// lend lends f to JavaScript until release. A panic in f is reported on the
// console: unguarded, it would end the page's Go program.
func (s *scope) lend(f func(args []js.Value)) js.Func {
	fn := js.FuncOf(func(_ js.Value, args []js.Value) any {
		defer func() {
			if r := recover(); r != nil {
				js.Global().Get("console").Call("error", fmt.Sprint("demo: a listener failed: ", r))
			}
		}()
		f(args)
		return nil
	})
	s.lent = append(s.lent, fn)
	return fn
}

func (s *scope) release() {
	for _, fn := range s.lent {
		fn.Release()
	}
	s.lent = nil
}

// object returns a new, empty JavaScript object.
func object() js.Value { return js.Global().Get("Object").New() }

// property reads name of v, or undefined when v has no properties.
func property(v js.Value, name string) js.Value {
	if t := v.Type(); t != js.TypeObject && t != js.TypeFunction {
		return js.Undefined()
	}
	return v.Get(name)
}

// text reads a string property, or "" when it is none.
func text(v js.Value, name string) string {
	if p := property(v, name); p.Type() == js.TypeString {
		return p.String()
	}
	return ""
}

// number reads a property that is a whole number, or 0.
func number(v js.Value, name string) int { return whole(property(v, name)) }

// millis reads a time in milliseconds since the epoch, or the zero time.
func millis(v js.Value, name string) time.Time {
	if ms := number(v, name); ms > 0 {
		return time.UnixMilli(int64(ms))
	}
	return time.Time{}
}

// date reads a property that is a Date, or the zero time.
func date(v js.Value, name string) time.Time {
	at, err := call(property(v, name), "getTime")
	if err != nil || whole(at) <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(whole(at)))
}

// truth reads a property that is true, or false when it is anything else.
func truth(v js.Value, name string) bool {
	p := property(v, name)
	return p.Type() == js.TypeBoolean && p.Bool()
}

func textAt(args []js.Value, i int) string {
	if i < len(args) && args[i].Type() == js.TypeString {
		return args[i].String()
	}
	return ""
}

func numberAt(args []js.Value, i int) int {
	if i < len(args) {
		return whole(args[i])
	}
	return 0
}

// whole gives v as an int when it is a finite number that an int holds exactly.
func whole(v js.Value) int {
	if v.Type() != js.TypeNumber {
		return 0
	}
	f := v.Float()
	if math.IsNaN(f) || math.Abs(f) > 1<<53 {
		return 0
	}
	return int(f)
}

// each calls f with every element of the array args[i], and not at all when
// args[i] is no array.
func each(args []js.Value, i int, f func(js.Value)) {
	if i >= len(args) || !js.Global().Get("Array").Call("isArray", args[i]).Bool() {
		return
	}
	for n := range args[i].Length() {
		f(args[i].Index(n))
	}
}

// jsonText gives v as JSON, or "" when it has no such form (a cycle).
func jsonText(v js.Value) string {
	json, err := call(js.Global().Get("JSON"), "stringify", v)
	if err != nil || json.Type() != js.TypeString {
		return ""
	}
	return json.String()
}
