package volc_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/wire"
)

// TestDocumentedCalls runs the script of docs/server-api.md as it stands there,
// but for the server's address.
func TestDocumentedCalls(t *testing.T) {
	for _, tool := range []string{"sh", "curl", "openssl", "od"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, tool)
		}
	}
	page, err := os.ReadFile("../../../docs/server-api.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 1 {
		t.Fatalf("%d scripts, want one", len(blocks))
	}
	s := start(t)
	script := strings.NewReplacer("127.0.0.1:8080", s.host, `"RoomId":"lobby"`, `"RoomId":"r1"`).Replace(blocks[0][1])
	alice, bob := s.login("alice"), s.login("bob")
	run := exec.CommandContext(t.Context(), "sh", "-euc", script)
	run.Stderr = os.Stderr
	out, err := run.Output()
	if err != nil {
		t.Fatalf("the script: %v\n%s", err, out)
	}
	answers := json.NewDecoder(strings.NewReader(string(out)))
	var called []string
	for answers.More() {
		var got answer
		if err := answers.Decode(&got); err != nil {
			t.Fatalf("%v in\n%s", err, out)
		}
		if got.code() != "" {
			t.Errorf("%s: %+v", got.ResponseMetadata.Action, got.ResponseMetadata.Error)
		}
		called = append(called, got.ResponseMetadata.Action)
	}
	slices.Sort(called)
	if diff := cmp.Diff([]string{
		"BanRoomUser", "BatchSendRoomUnicast", "DismissRoom", "KickUser", "SendBroadcast", "SendRoomUnicast", "SendUnicast",
	}, called); diff != "" {
		t.Errorf("the script calls (-want +got)\n%s", diff)
	}
	alice.await(wire.IsDirect)
	for _, u := range []*user{alice, bob} {
		u.await(wire.IsRoomMessage)
		u.await(wire.IsRemoved)
	}
}

// TestDocumentedCodes holds the page's table to the refusals that there are.
func TestDocumentedCodes(t *testing.T) {
	source, err := os.ReadFile("refusal.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../../docs/server-api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "### Volc: answers")
	table, _, _ = strings.Cut(table, "### Volc: signatures")
	codes := regexp.MustCompile(`Code: "([A-Za-z.]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(codes) < 20 {
		t.Fatalf("%d refusals found", len(codes))
	}
	for _, code := range codes {
		_, short, dotted := strings.Cut(code[1], ".")
		if !strings.Contains(table, "`"+code[1]+"`") && (!dotted || !strings.Contains(table, "`."+short+"`")) {
			t.Errorf("the page has no %s", code[1])
		}
	}
}
