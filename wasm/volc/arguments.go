package volc

import "parley/wasm/page"

const (
	maxIDBytes      = 128
	maxExtraUnits   = 200
	maxMessageBytes = 65536 // volc.md §8, U5
)

// Texts of what is refused (volc.md §1.4).
const (
	wrongUser   = "The userId must be within 128 bytes. The supported characters: a-z,A-Z,0-9,@,-,_,."
	wrongRoom   = "The RoomId must be within 128 bytes. The supported characters: a-z,A-Z,0-9,@,-,_,."
	wrongBinary = "Invalid message, should be ArrayBuffer"
	wrongLong   = "Invalid message: it is longer than 64 KB"
	noUserInfo  = "Invalid userInfo, should not be empty"
)

// invalid returns a refusal of an argument.
func invalid(text string) *problem { return &problem{codeInvalidParams, text} }

// wrongString says which length a string must have.
func wrongString(name, length string) *problem {
	return invalid("Invalid " + name + ": The value should be string type. Length of the string: [1," + length + "]")
}

// legalID reports whether v is a user or room id.
func legalID(v *page.Value) bool {
	if v.Kind != page.String || v.Text == "" || len(v.Text) > maxIDBytes {
		return false
	}
	for _, c := range []byte(v.Text) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '@', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

func checkUser(v *page.Value) *problem {
	if !legalID(v) {
		return invalid(wrongUser)
	}
	return nil
}

// checkToken passes null, which apps use whose authentication is off.
func checkToken(v *page.Value) *problem {
	if v.Kind == page.Null {
		return nil
	}
	return checkString("token", v)
}

func checkString(name string, v *page.Value) *problem {
	if v.Kind != page.String || v.Text == "" {
		return wrongString(name, "Infinity")
	}
	return nil
}

func checkBinary(v *page.Value) *problem {
	if v.Kind != page.Bytes {
		return invalid(wrongBinary)
	}
	return nil
}

// checkInfo checks joinRoom's userInfo.
func checkInfo(v *page.Value) *problem {
	if v.Kind != page.Object {
		return invalid(noUserInfo)
	}
	user, extra := v.Field("userId"), v.Field("extraInfo")
	if wrong := checkUser(&user); wrong != nil {
		return wrong
	}
	if extra.Missing() {
		return nil
	}
	if extra.Kind != page.String || extra.Text == "" || page.UTF16Len(extra.Text) > maxExtraUnits {
		return wrongString("userInfo.extraInfo", "200")
	}
	return nil
}

// content returns a message's bytes, or what is wrong with it: the checks that
// come after the one of the state.
func content(v *page.Value, binary bool) ([]byte, *problem) {
	body := v.Bytes
	if binary {
		if wrong := checkBinary(v); wrong != nil {
			return nil, wrong
		}
	} else {
		if wrong := checkString("message", v); wrong != nil {
			return nil, wrong
		}
		body = []byte(v.Text)
	}
	if len(body) > maxMessageBytes {
		return nil, invalid(wrongLong)
	}
	return body, nil
}

// first returns the first problem that there is.
func first(problems ...*problem) *problem {
	for _, p := range problems {
		if p != nil {
			return p
		}
	}
	return nil
}
