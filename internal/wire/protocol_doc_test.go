package wire

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const protocolDoc = "../../docs/protocol.md"

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestProtocolDocExamples holds the recorded conversation in docs/protocol.md
// to the schema and to the codec: each block is rendered anew from its own
// bytes, names and values included, and each body is decoded and encoded again.
func TestProtocolDocExamples(t *testing.T) {
	schema := readSchema(t)
	blocks := regexp.MustCompile("(?s)```hex ([a-z-]+)\n(.*?)```").FindAllStringSubmatch(readText(t, protocolDoc), -1)
	if len(blocks) != 8 {
		t.Fatalf("%d examples, want 8", len(blocks))
	}
	for _, block := range blocks {
		t.Run(block[1], func(t *testing.T) {
			var digits strings.Builder
			for line := range strings.Lines(block[2]) {
				line, _, _ = strings.Cut(line, "#")
				digits.WriteString(strings.Join(strings.Fields(line), ""))
			}
			frame, err := hex.DecodeString(digits.String())
			if err != nil {
				t.Fatal(err)
			}
			var dump strings.Builder
			schema.render(t, &dump, "Frame", frame, 0)
			if dump.String() != block[2] {
				t.Errorf("the page says\n%s\nthe bytes say\n%s", block[2], dump.String())
			}
			var again []byte
			for rest := frame; len(rest) > 0; {
				var env Envelope
				if env, rest, err = NextEnvelope(rest); err != nil {
					t.Fatal(err)
				}
				body := bodyOf(t, env)
				again = AppendEnvelope(again, env.ID, body)
			}
			if !bytes.Equal(again, frame) {
				t.Errorf("encoded again: %x, want %x", again, frame)
			}
		})
	}
}

func bodyOf(t *testing.T, env Envelope) Body {
	t.Helper()
	var body interface {
		Body
		Decode([]byte) error
	}
	switch env.Kind {
	case IsHello:
		body = new(Hello)
	case IsJoin:
		body = new(Join)
	case IsWelcome:
		body = new(Welcome)
	case IsJoined:
		body = new(Joined)
	case IsMembers:
		body = new(Members)
	case IsRoomCount:
		body = new(RoomCount)
	case IsPublish:
		body = new(Publish)
	case IsPublished:
		body = new(Published)
	case IsRoomMessage:
		body = new(RoomMessage)
	case IsRefusal:
		body = new(Refusal)
	default:
		t.Fatalf("no example has kind %d", env.Kind)
	}
	if err := body.Decode(env.Body); err != nil {
		t.Fatal(err)
	}
	return body
}

// TestProtocolDocTables holds the tables of the page to the code: a kind, code
// or close code that is missing, doubled or renamed fails.
func TestProtocolDocTables(t *testing.T) {
	page := readText(t, protocolDoc)
	section := func(title string) string {
		_, rest, ok := strings.Cut(page, "\n## "+title+"\n")
		if !ok {
			t.Fatalf("no section %q", title)
		}
		part, _, _ := strings.Cut(rest, "\n## ")
		return part
	}

	// Ping and Pong go both ways and stand in two tables.
	kinds := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (\\d+) \\|").FindAllStringSubmatch(section("Kinds of envelopes"), -1) {
		kinds[row[1]] = row[2]
	}
	envelope := readSchema(t)["Envelope"]
	for number, field := range envelope {
		if number == 1 { // the id
			continue
		}
		if kinds[field.name] != strconv.FormatUint(number, 10) {
			t.Errorf("kind %s is %d; the page has %q", field.name, number, kinds[field.name])
		}
		delete(kinds, field.name)
	}
	for name := range kinds {
		t.Errorf("the page has kind %s, the schema does not", name)
	}

	codes := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| (\\d+) \\| `(\\w+)` \\|").FindAllStringSubmatch(section("Error codes"), -1) {
		code, known := CodeByName(row[2])
		if !known || strconv.Itoa(int(code)) != row[1] || codes[row[2]] {
			t.Errorf("error code %s %s is not so, or stands there twice", row[1], row[2])
		}
		codes[row[2]] = true
	}
	enum := regexp.MustCompile(`(?s)\nenum Code \{(.*?)\n\}`).FindStringSubmatch(readText(t, "parley.proto"))[1]
	for _, value := range regexp.MustCompile(`(?m)^  (\w+) = \d+;`).FindAllStringSubmatch(enum, -1) {
		if !codes[value[1]] {
			t.Errorf("error code %s is missing", value[1])
		}
	}

	closes := map[string]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+) \| [^|]+ \|[^|]+\| (yes|no)`).FindAllStringSubmatch(section("Close codes"), -1) {
		closes[row[1]] = row[2]
	}
	for _, constant := range regexp.MustCompile(`(?m)^\tClose\w+\s+CloseCode = (\d+)`).FindAllStringSubmatch(readText(t, "close.go"), -1) {
		if closes[constant[1]] == "" {
			t.Errorf("close code %s is missing", constant[1])
		}
	}
	for text, reconnect := range closes {
		code, _ := strconv.Atoi(text) // digits
		if CloseCode(code).Reconnect() != (reconnect == "yes") {
			t.Errorf("close code %d: the page says reconnect %s", code, reconnect)
		}
	}
}

// schema is parley.proto as far as the examples need it: fields by message and
// number.
type schema map[string]map[uint64]field

type field struct{ kind, name string }

func readSchema(t *testing.T) schema {
	t.Helper()
	messages := schema{}
	for _, message := range regexp.MustCompile(`(?s)\nmessage (\w+) \{(.*?)\n\}`).FindAllStringSubmatch(readText(t, "parley.proto"), -1) {
		fields := map[uint64]field{}
		for _, f := range regexp.MustCompile(`(?m)^ +(?:repeated )?(\w+) (\w+) = (\d+);`).FindAllStringSubmatch(message[2], -1) {
			number, err := strconv.ParseUint(f[3], 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			fields[number] = field{f[1], f[2]}
		}
		messages[message[1]] = fields
	}
	return messages
}

// render writes message as the page shows it: a line per field, its bytes and
// then its name and value; the bytes of a long text go on in further lines.
func (s schema) render(t *testing.T, dst *strings.Builder, message string, src []byte, depth int) {
	t.Helper()
	for len(src) > 0 {
		key, value, data, rest, err := nextField(src)
		if err != nil {
			t.Fatal(err)
		}
		whole := src[:len(src)-len(rest)]
		f, known := s[message][key>>3]
		if !known {
			t.Fatalf("%s has no field %d", message, key>>3)
		}
		_, nested := s[f.kind]
		name := strings.TrimSuffix(f.name, "s")
		if f.name != "envelopes" {
			name = f.name
		}
		indent := strings.Repeat("  ", depth)
		line := func(part []byte, text string) {
			fmt.Fprintln(dst, strings.TrimSpace(fmt.Sprintf("%-48s%s", fmt.Sprintf("% x", part), text)))
		}
		switch {
		case nested:
			line(whole[:len(whole)-len(data)], fmt.Sprintf("# %s%s, %d bytes", indent, name, len(data)))
			s.render(t, dst, f.kind, data, depth+1)
		case key&7 == 0 && f.kind == "bool":
			line(whole, fmt.Sprintf("# %s%s %t", indent, name, value != 0))
		case key&7 == 0:
			line(whole, fmt.Sprintf("# %s%s %d", indent, name, value))
		default:
			text := fmt.Sprintf("# %s%s \"%s\"", indent, name, data)
			for ; len(whole) > 0; text = "" {
				n := min(16, len(whole))
				line(whole[:n], text)
				whole = whole[n:]
			}
		}
		src = rest
	}
}
