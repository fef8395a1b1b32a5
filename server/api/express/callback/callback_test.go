package callback_test

import (
	"encoding/json"
	"maps"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/server/api/express/callback"
	"parley/server/hook"
)

// TestFields compares whole bodies: fields, numbers and texts.
func TestFields(t *testing.T) {
	who := hook.Login{User: "alice", Name: "Alice <&> 爱 100%2B+\\u", ID: 1700000000000005, AtMS: 1700000000123, Token: 4, Again: true}
	stamp := hook.Stamp{Time: 1470820198, Nonce: "123412", Signature: "5bd59fd62953a8059fb7eaba95720f66d19e4517"}
	event := func(kind hook.Kind, why hook.Reason) hook.Event {
		return hook.Event{ID: "x", Kind: kind, App: "demo", Room: "r1", Life: 1700000000000001, AtMS: 1700000009999, Why: why, Login: who, Change: 7}
	}
	room := func(name string, more map[string]any) map[string]any {
		all := map[string]any{
			"event": name, "appid": 1000000001.0, "timestamp": 1470820198.0, "nonce": "123412",
			"signature": "5bd59fd62953a8059fb7eaba95720f66d19e4517", "room_id": "r1", "room_session_id": 1700000000000001.0,
		}
		maps.Copy(all, more)
		return all
	}
	login := func(name string, more map[string]any) map[string]any {
		all := map[string]any{
			"event": name, "appid": "1000000001", "timestamp": "1470820198", "nonce": "123412",
			"signature": "5bd59fd62953a8059fb7eaba95720f66d19e4517", "room_id": "r1", "room_seq": "1700000000000001",
			"user_account": "alice", "user_nickname": "Alice <&> 爱 100%2B+\\u", "session_id": "1700000000000005",
			"login_time": "1700000000123", "user_role": "2", "user_update_seq": "7",
		}
		maps.Copy(all, more)
		return all
	}
	for _, row := range []struct {
		event hook.Event
		want  map[string]any
	}{
		{event(hook.RoomCreated, ""), room("room_create", map[string]any{"room_create_time": "1700000009999", "id_name": "alice"})},
		{event(hook.RoomClosed, hook.Quit), room("room_close", map[string]any{"room_close_time": "1700000009999", "close_reason": 0.0})},
		{event(hook.RoomClosed, hook.Silent), room("room_close", map[string]any{"room_close_time": "1700000009999", "close_reason": 1.0})},
		{event(hook.RoomClosed, hook.Lost), room("room_close", map[string]any{"room_close_time": "1700000009999", "close_reason": 2.0})},
		{event(hook.RoomClosed, hook.Removed), room("room_close", map[string]any{"room_close_time": "1700000009999", "close_reason": 3.0})},
		{event(hook.RoomClosed, hook.Expired), room("room_close", map[string]any{"room_close_time": "1700000009999", "close_reason": 3.0})},
		{event(hook.LoggedIn, ""), login("room_login", map[string]any{
			"room_name": "r1", "auth_level": "4", "relogin": "1", "callback_data": "", "term_type": "6",
		})},
		{event(hook.LoggedOut, hook.Quit), login("room_logout", map[string]any{"logout_time": "1700000009999", "reason": "0"})},
		{event(hook.LoggedOut, hook.Silent), login("room_logout", map[string]any{"logout_time": "1700000009999", "reason": "1"})},
		{event(hook.LoggedOut, hook.Lost), login("room_logout", map[string]any{"logout_time": "1700000009999", "reason": "2"})},
		{event(hook.LoggedOut, hook.Removed), login("room_logout", map[string]any{"logout_time": "1700000009999", "reason": "3"})},
		{event(hook.LoggedOut, hook.Expired), login("room_logout", map[string]any{"logout_time": "1700000009999", "reason": "4"})},
	} {
		body := callback.Renderer(1000000001)(&row.event, stamp)
		var got map[string]any
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", row.event.Kind, row.event.Why, diff)
		}
		if decoded, err := url.QueryUnescape(string(body)); err != nil || decoded != string(body) {
			t.Errorf("%s: URL-decoding makes %q of it, error %v", row.event.Kind, decoded, err)
		}
	}
}
