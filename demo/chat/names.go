package chat

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	adjectives = []string{
		"amber", "brave", "calm", "clever", "coral", "cosy", "eager", "fern", "gentle", "golden", "happy", "jolly",
		"keen", "kind", "lively", "lucky", "mellow", "misty", "nimble", "quiet", "rosy", "sunny", "swift", "witty",
	}
	animals = []string{
		"badger", "beaver", "crane", "dolphin", "falcon", "finch", "fox", "gecko", "heron", "ibis", "koala", "lark",
		"lynx", "marten", "newt", "otter", "owl", "panda", "puffin", "raven", "robin", "seal", "tern", "wren",
	}
)

// FriendlyName makes up a user name. pick returns a number in [0, n).
func FriendlyName(pick func(n int) int) string {
	return adjectives[pick(len(adjectives))] + "-" + animals[pick(len(animals))]
}

// The limits of express.md §2.1, and the signs that both the documents and the
// shipped SDK take.
const (
	maxUserID = 64
	maxRoomID = 128
	idSigns   = "!#$^&*()_+=-;',.@~"
)

// UserProblem says why id can't be a user's name, and "" when it can.
func UserProblem(id string) string { return idProblem("name", id, maxUserID) }

// RoomProblem says why id can't be a room's name, and "" when it can.
func RoomProblem(id string) string { return idProblem("room", id, maxRoomID) }

func idProblem(what, id string, limit int) string {
	if id == "" {
		return "Give a " + what + "."
	}
	for _, r := range id {
		if r < utf8.RuneSelf && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(idSigns, r)) {
			continue
		}
		if r == ' ' {
			return "A " + what + " can't hold spaces; try a dash."
		}
		return "A " + what + " can't hold “" + string(r) + "”: letters, digits and " + idSigns + " can."
	}
	if len(id) > limit {
		return "A " + what + " has at most " + strconv.Itoa(limit) + " signs; this has " + strconv.Itoa(len(id)) + "."
	}
	return ""
}
