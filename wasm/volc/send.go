package volc

import (
	"parley/internal/wire"
	"parley/wasm/page"
)

func (e *Engine) sendRoom(call uint32, message page.Value, format wire.Format) {
	r := e.joined(call)
	if r == nil {
		return
	}
	binary := format == wire.FormatBytes
	body, wrong := content(message, binary)
	if wrong != nil {
		e.reject(call, *wrong)
		return
	}
	p := wire.Publish{Format: format, Body: body}
	if binary {
		p.Kind = wire.KindData
	}
	r.publish(call, p)
}

func (e *Engine) sendUser(call uint32, user, message page.Value, format wire.Format) {
	wrong := checkUser(user)
	binary := format == wire.FormatBytes
	if wrong == nil && binary {
		wrong = checkBinary(message)
	}
	if wrong != nil {
		e.reject(call, *wrong)
		return
	}
	r := e.joined(call)
	if r == nil {
		return
	}
	body, wrong := content(message, binary)
	if wrong != nil {
		e.reject(call, *wrong)
		return
	}
	p := wire.Publish{Kind: wire.KindCommand, Format: format, Body: body, To: []string{user.Text}, NeedReceiver: true}
	if binary {
		p.Kind = wire.KindData
	}
	if user.Text == r.user {
		// The core never sends to the sender; here one may (volc.md §8, U11).
		e.tellMessages([]wire.RoomMessageView{{
			Room: []byte(r.id), Kind: p.Kind, Format: format, From: []byte(r.user), Body: body, Targeted: true,
		}})
		e.resolve(call, "null")
		return
	}
	r.publish(call, p)
}

func (r *room) publish(call uint32, p wire.Publish) {
	p.Room = r.id
	done := r.e.done(call, forMessage)
	r.client.Publish(p, func(_ *wire.Published, err error) { done(err) })
}
