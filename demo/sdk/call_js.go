//go:build js && wasm

package sdk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall/js"
)

// call calls a method. What JavaScript throws comes back as an error.
func call(v js.Value, method string, args ...any) (result js.Value, err error) {
	if property(v, method).Type() != js.TypeFunction {
		return js.Undefined(), &Error{What: "the SDK has no function " + method, Fix: "Serve the parley.js that belongs to this demo."}
	}
	defer catch(&err)
	return v.Call(method, args...), nil
}

// construct is new class(args…).
func construct(class js.Value, args ...any) (result js.Value, err error) {
	if class.Type() != js.TypeFunction {
		return js.Undefined(), &Error{What: "ZegoExpressEngine is not defined", Fix: "Load /sdk/parley.js before the demo."}
	}
	defer catch(&err)
	return class.New(args...), nil
}

// catch turns the panic of a call that threw into its error.
func catch(err *error) {
	switch r := recover().(type) {
	case nil:
	case js.Error:
		*err = errorOf(r.Value)
	case error:
		*err = r
	default:
		*err = fmt.Errorf("%v", r)
	}
}

// callAndAwait calls a method and, when it returns a promise, waits for it.
// Only on a goroutine of its own: it blocks.
func callAndAwait(ctx context.Context, v js.Value, method string, args ...any) (js.Value, error) {
	result, err := call(v, method, args...)
	if err != nil {
		return js.Undefined(), err
	}
	return await(ctx, result)
}

type outcome struct {
	value js.Value
	err   error
}

// await waits until promise settles or ctx ends. A value that is no promise is
// its own result.
func await(ctx context.Context, promise js.Value) (js.Value, error) {
	if property(promise, "then").Type() != js.TypeFunction {
		return promise, nil
	}
	settled := make(chan outcome, 1) // room for the one send: a callback never waits
	fulfil := js.FuncOf(func(_ js.Value, args []js.Value) any {
		settled <- outcome{value: first(args)}
		return nil
	})
	fail := js.FuncOf(func(_ js.Value, args []js.Value) any {
		settled <- outcome{err: errorOf(first(args))}
		return nil
	})
	release := func() { fulfil.Release(); fail.Release() }
	promise.Call("then", fulfil, fail)
	select {
	case o := <-settled:
		release()
		return o.value, o.err
	case <-ctx.Done():
		go func() { <-settled; release() }() // the promise still holds both
		return js.Undefined(), ctx.Err()
	}
}

func first(args []js.Value) js.Value {
	if len(args) == 0 {
		return js.Undefined()
	}
	return args[0]
}

// errorOf reads a rejection in any of the shapes that Error names.
func errorOf(v js.Value) error {
	if v.Type() == js.TypeString {
		return &Error{What: v.String()}
	}
	if v.Type() != js.TypeObject {
		return errors.New("rejected without a reason")
	}
	e := &Error{Code: number(v, "code"), Name: text(v, "code"), Fix: text(v, "fix")}
	if e.Code == 0 {
		e.Code = number(v, "errorCode")
	}
	for _, name := range []string{"what", "msg", "extendedData", "message"} {
		if e.What = whatOf(text(v, name), e.Fix); e.What != "" {
			break
		}
	}
	return e
}

// whatOf takes the fix off the end of a message that carries both, as the
// message of Parley's own errors does, so that nothing is said twice.
func whatOf(message, fix string) string {
	if fix == "" {
		return message
	}
	return strings.TrimSpace(strings.TrimSuffix(message, fix))
}
