package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// openAPI calls the dev server's OpenAPI of VERTC, as a business server of the
// app demo does; fields is the body as JSON, without the app's id. It fails the
// test unless the call is accepted.
func (r *row) openAPI(action, version, fields string) {
	r.t.Helper()
	const key, secret = "AKparley0dev0demo", "parley0dev0demo0secret0access0key"
	body := `{"AppId":"d00000000000000000000001",` + strings.TrimPrefix(r.fill(fields), "{")
	query := "Action=" + action + "&Version=" + version
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, dev.url("/?"+query), strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	hash := func(text string) string { sum := sha256.Sum256([]byte(text)); return hex.EncodeToString(sum[:]) }
	date := time.Now().UTC().Format("20060102T150405Z")
	scope := date[:8] + "/cn-north-1/rtc/request"
	canonical := strings.Join([]string{"POST", "/", query, "x-content-sha256:" + hash(body) + "\nx-date:" + date + "\n", "x-content-sha256;x-date", hash(body)}, "\n")
	signed := []byte(secret)
	for _, part := range append(strings.Split(scope, "/"), "HMAC-SHA256\n"+date+"\n"+scope+"\n"+hash(canonical)) {
		mac := hmac.New(sha256.New, signed)
		mac.Write([]byte(part))
		signed = mac.Sum(nil)
	}
	request.Header.Set("X-Date", date)
	request.Header.Set("X-Content-Sha256", hash(body))
	request.Header.Set("Authorization", "HMAC-SHA256 Credential="+key+"/"+scope+", SignedHeaders=x-content-sha256;x-date, Signature="+hex.EncodeToString(signed))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		r.t.Fatalf("%s: HTTP %d, %v, %v", action, response.StatusCode, answer, err)
	}
}

func TestOpenAPI(t *testing.T) {
	first, second := openPage(t), openPage(t)

	t.Run("messages come by the events of the room", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.caller(first, "alice").inRoom(), r.caller(second, "bob").inRoom()
		r.openAPI("SendBroadcast", "2023-07-20", `{"RoomId":"$room","From":"server","Binary":false,"Message":"to all 😀"}`)
		r.openAPI("SendBroadcast", "2020-12-01", `{"RoomId":"$room","From":"$bob","Binary":true,"Message":"AP8="}`)
		r.openAPI("SendRoomUnicast", "2023-07-20", `{"RoomId":"$room","From":"server","To":"$alice","Binary":false,"Message":"{\"for\":\"alice\"}"}`)
		r.openAPI("BatchSendRoomUnicast", "2023-07-20", `{"RoomId":"$room","From":"server","To":["$alice","$bob","ghost"],"Binary":true,"Message":"AQ=="}`)
		for _, u := range []*user{alice, bob} {
			u.until(`heard("onUserBinaryMessageReceived").length === 1`)
			u.want(`[heard(), heard("onRoomBinaryMessageReceived"), heard("onUserBinaryMessageReceived")]`, `[
				[{"userId": "server", "message": "to all 😀"}],
				[{"userId": "$bob", "message": {"$": "buffer", "of": [0, 255]}}],
				[{"userId": "server", "message": {"$": "buffer", "of": [1]}}]]`)
		}
		alice.want(`heard("onUserMessageReceived")`, `[{"userId": "server", "message": "{\"for\":\"alice\"}"}]`)
		bob.want(`heard("onUserMessageReceived")`, `[]`)
	})

	t.Run("messages outside rooms come to who is logged in", func(t *testing.T) {
		r := newRow(t)
		alice := r.caller(first, "alice")
		alice.loggedIn()
		r.openAPI("SendUnicast", "2023-07-20", `{"From":"server","To":"$alice","Binary":false,"Message":"hello"}`)
		r.openAPI("SendUnicast", "2023-07-20", `{"From":"server","To":"$alice","Binary":true,"Message":"AP8="}`)
		alice.until(`heard("onUserBinaryMessageReceivedOutsideRoom").length === 1`)
		alice.want(`[heard("onUserMessageReceivedOutsideRoom"), heard("onUserBinaryMessageReceivedOutsideRoom")]`, `[
			[{"userId": "server", "message": "hello"}], [{"userId": "server", "message": {"$": "buffer", "of": [0, 255]}}]]`)
	})
}
