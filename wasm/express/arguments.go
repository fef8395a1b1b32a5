package express

import "parley/wasm/page"

// Characters of room and user ids besides letters and digits (express.md §2.1).
const idSigns = "!#$%&'()*+,-.;<=>@\\^_`~"

// legalSign holds the bytes that an id may have.
var legalSign = func() (legal [256]bool) {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for _, c := range []byte(letters + idSigns) {
		legal[c] = true
	}
	return legal
}()

func legalID(id string) bool {
	for _, c := range []byte(id) {
		if !legalSign[c] {
			return false
		}
	}
	return true
}

// login is what loginRoom was called with, checked.
type login struct {
	room, token, user, name string
	watch                   bool
	max                     uint32
}

// checkLogin checks loginRoom's arguments in the order of express.md §2.2.
func checkLogin(args []page.Value) (login, *refusal) {
	room, token, user, config := arg(args, 0), arg(args, 1), arg(args, 2), arg(args, 3)
	if r := checkRoomID(room); r != nil {
		return login{}, r
	}
	if token.Kind == page.String && token.Text == "" {
		return login{}, &refusal{codeInput, " token is required"}
	}
	l := login{room: room.Text, token: token.Text}
	if r := l.checkUser(user); r != nil {
		return login{}, r
	}
	if r := l.checkConfig(config, "userUpdate"); r != nil {
		return login{}, r
	}
	if token.Kind != page.String {
		return login{}, &refusal{codeInput, "token must be string"}
	}
	return l, nil
}

func checkRoomID(room page.Value) *refusal {
	switch {
	case room.Kind == page.String && room.Text == "":
		return &refusal{codeRoomIDEmpty, "room ID is empty"}
	case room.Kind != page.String:
		return &refusal{codeInput, "roomID must be string"}
	case !legalID(room.Text):
		return &refusal{codeRoomIDCharacter, "room ID has an illegal character"}
	case len(room.Text) > maxRoomIDUnits:
		return &refusal{codeRoomIDLong, "room ID is longer than 128 characters"}
	}
	return nil
}

func (l *login) checkUser(user page.Value) *refusal {
	id, name := user.Field("userID"), user.Field("userName")
	switch {
	case id.Missing() || id.Kind == page.String && id.Text == "":
		return &refusal{codeUserIDEmpty, " userID is null."}
	case id.Kind != page.String:
		return &refusal{codeInput, "userID must be string"}
	case !legalID(id.Text):
		return &refusal{codeUserIDCharacter, "userID has an illegal character"}
	case len(id.Text) > maxUserIDUnits:
		return &refusal{codeUserIDLong, "userID is longer than 64 characters"}
	}
	l.user, l.name = id.Text, id.Text
	if name.Missing() {
		return nil
	}
	if name.Kind != page.String {
		return &refusal{codeInput, "userName must be string"}
	}
	if page.UTF16Len(name.Text) > maxUserNameUnits {
		return &refusal{codeUserNameLong, "userName is longer than 256 characters"}
	}
	if name.Text != "" {
		l.name = name.Text
	}
	return nil
}

// checkConfig reads a room's configuration; watch is the name of the field
// that asks for the list of users.
func (l *login) checkConfig(config page.Value, watch string) *refusal {
	if config.Missing() {
		return nil
	}
	if !config.IsObject() {
		return &refusal{codeInput, "config must be object"}
	}
	l.watch = config.Field(watch).Bool()
	if limit := config.Field("maxMemberCount"); !limit.Missing() {
		n, whole := limit.Integer()
		if !whole || n < 0 || n > 1<<32-1 {
			return &refusal{codeInput, " maxMemberCount must be integer number."}
		}
		l.max = uint32(n)
	}
	return nil
}

func arg(args []page.Value, i int) page.Value { return page.Arg(args, i) }
