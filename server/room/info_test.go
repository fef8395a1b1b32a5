package room_test

import (
	"testing"
	"testing/synctest"

	"parley/internal/wire"
	"parley/server/bus"
	"parley/server/room"
)

// TestSecondInfoKeyUnderWay: both changes pass the first check, since neither
// is stored yet; the stream's order decides.
func TestSecondInfoKeyUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(bus.NewMemory(bus.Options{}), room.Config{})
		a := join(t, h, "a", watching("r"))
		b := join(t, h, "b", watching("r"))
		codes := make(chan wire.Code, 2)
		a.SetInfo("k", "1", func(_ uint64, err error) { codes <- wire.CodeOf(err) })
		a.SetInfo("other", "2", func(_ uint64, err error) { codes <- wire.CodeOf(err) })
		if got := [2]wire.Code{<-codes, <-codes}; got != [2]wire.Code{wire.CodeOK, wire.CodeInfoKeyLimit} {
			t.Errorf("two keys at once got %v, want the second refused", got)
		}
		synctest.Wait()
		b.Leave(room.ExitQuit)
		again := join(t, h, "b", watching("r"))
		if info := again.joined.Info; len(info) != 1 || info[0].Key != "k" || info[0].Value != "1" {
			t.Errorf("the room holds %+v, want k=1", info)
		}
	})
}
