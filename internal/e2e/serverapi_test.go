package e2e

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"
)

// operator calls the dev server's Express server API, as a server of the app's
// owner does: parameters in pairs, lists with "[]" behind the name. It returns
// the data.
func (r *row) operator(action string, parameters ...string) any {
	r.t.Helper()
	const app, secret = "1000000001", "parley0dev0demo0server0secret001"
	var random [8]byte
	_, _ = rand.Read(random[:])
	nonce, now := hex.EncodeToString(random[:]), strconv.FormatInt(time.Now().Unix(), 10)
	signature := md5.Sum([]byte(app + nonce + secret + now))
	query := url.Values{
		"Action": {action}, "AppId": {app}, "SignatureNonce": {nonce}, "Timestamp": {now},
		"Signature": {hex.EncodeToString(signature[:])}, "SignatureVersion": {"2.0"},
	}
	for i := 0; i < len(parameters); i += 2 {
		query.Add(parameters[i], r.fill(parameters[i+1]))
	}
	response, err := http.Get(dev.url("/?" + query.Encode()))
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Code    int
		Message string
		Data    any
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.Code != 0 {
		r.t.Fatalf("%s: HTTP %d, %+v, %v", action, response.StatusCode, answer, err)
	}
	return answer.Data
}

// verdicts asks the dev server what became of a message, by user.
func (r *row) verdicts(message string) map[string]string {
	r.t.Helper()
	var answer struct {
		Users []struct{ User, Verdict string }
	}
	r.admin("explain", url.Values{"message": {message}}, &answer)
	told := map[string]string{}
	for _, u := range answer.Users {
		told[u.User] = u.Verdict
	}
	return told
}

func TestServerAPI(t *testing.T) {
	first, second := openPage(t), openPage(t)

	t.Run("messages come by the three events", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		sent := r.operator("SendBroadcastMessage", "RoomId", "$room", "UserId", "server", "UserName", "The 服务", "MessageCategory", "1", "MessageContent", "to all 😀")
		compare(t, "the answer", sent, `{"MessageId": "<int>"}`)
		r.operator("SendBroadcastMessage", "RoomId", "$room", "UserId", "server", "MessageCategory", "2", "MessageContent", "without a name")
		for _, u := range []*user{alice, bob} {
			u.until(`messages().length === 2`)
			u.want(`messages()`, `[
				{"fromUser": {"userID": "server", "userName": "The 服务"}, "message": "to all 😀", "sendTime": "<now>", "messageID": `+quote(sent.(map[string]any)["MessageId"])+`},
				{"fromUser": {"userID": "server", "userName": ""}, "message": "without a name", "sendTime": "<now>", "messageID": "<int>"}]`)
		}
		// In the name of somebody who is there: it gets nothing.
		barrage := r.operator("SendBarrageMessage", "RoomId", "$room", "UserId", "$alice", "UserName", "Alice", "MessageCategory", "2", "MessageContent", "+1")
		bob.until(`messages("IMRecvBarrageMessage").length === 1`)
		bob.want(`got("IMRecvBarrageMessage")`, `[["$room", [{"fromUser": {"userID": "$alice", "userName": "Alice"}, "message": "+1", "sendTime": "<now>", "messageID": `+quote(barrage.(map[string]any)["MessageId"])+`}]]]`)
		if got := r.verdicts(barrage.(map[string]any)["MessageId"].(string)); got[alice.id] != "own_message" || got[bob.id] != "delivered" {
			t.Errorf("the server says %v, want that alice gets nothing of her own, and that bob has it", got)
		}
		failed := r.operator("SendCustomCommand", "RoomId", "$room", "FromUserId", "server", "ToUserId[]", "$bob", "ToUserId[]", "ghost", "MessageContent", `{"for":"bob"}`)
		compare(t, "who did not get it", failed, `{"FailUsers": [{"Uid": "ghost", "Code": 50003}]}`)
		r.operator("SendCustomCommand", "RoomId", "$room", "FromUserId", "server", "MessageContent", "for all")
		alice.until(`got("IMRecvCustomCommand").length === 1`)
		alice.want(`got("IMRecvCustomCommand")`, `[["$room", {"userID": "server", "userName": ""}, "for all"]]`)
		alice.want(`got("IMRecvBarrageMessage")`, `[]`)
		bob.until(`got("IMRecvCustomCommand").length === 2`)
		bob.want(`got("IMRecvCustomCommand")`, `[["$room", {"userID": "server", "userName": ""}, "{\"for\":\"bob\"}"], ["$room", {"userID": "server", "userName": ""}, "for all"]]`)
	})

	t.Run("a kick, a ban and the end of a room", func(t *testing.T) {
		r := newRow(t)
		alice, bob := r.member(first, "alice"), r.member(second, "bob")
		alice.until(`got("roomUserUpdate").length === 1`)
		r.operator("SetForbidUserRule", "RuleType", "4", "RoomId", "$room", "UserId", "$bob", "DisabledPrivilege[]", "1", "EffectiveTime", "600")
		r.operator("KickoutUser", "RoomId", "$room", "UserId[]", "$bob", "CustomReason", `be "nice" 😀`)
		bob.until(`states().includes("KICKOUT")`)
		bob.want(`order("roomStateUpdate", "roomStateChanged").slice(-2).map((line) => [...line.slice(0, 4), JSON.parse(line[4])])`, `[
			["roomStateUpdate", "$room", "DISCONNECTED", 1002055, {"custom_kickout_message": "be \"nice\" 😀"}],
			["roomStateChanged", "$room", "KICKOUT", 1002055, {"custom_kickout_message": "be \"nice\" 😀"}]]`)
		alice.until(`got("roomUserUpdate").length === 2`)
		alice.want(`got("roomUserUpdate")[1]`, `["$room", "DELETE", [{"userID": "$bob", "userName": "Name of $bob"}]]`)
		bob.refused(`login()`, `{"code": 1002066, "msg": "liveroom error"}`)
		r.operator("DelForbidUserRule", "RuleType", "4", "RoomId", "$room", "UserId", "$bob")
		bob.login()
		compare(t, "who is inside", r.operator("DescribeUserList", "RoomId", "$room"), r.fill(`{"Marker": "", "UserList": [
			{"UserId": "$alice", "UserName": "Name of $alice", "UserRole": "<int>"}, {"UserId": "$bob", "UserName": "Name of $bob", "UserRole": "<int>"}]}`))
		r.operator("CloseRoom", "RoomId", "$room", "CustomReason", "closing time")
		for _, u := range []*user{alice, bob} {
			u.until(`states().at(-1) === "KICKOUT"`)
			u.want(`got("roomStateChanged").at(-1)`, `["$room", "KICKOUT", 1002055, "{\"custom_kickout_message\":\"closing time\"}"]`)
		}
	})

	t.Run("who was cut off when it was kicked learns it on coming back", func(t *testing.T) {
		r := newRow(t)
		alice := r.member(first, "alice")
		bob := r.member(second, "bob")
		dev.fault(t, r.fill(`{"fault":"cut","user":"$bob","seconds":60}`))
		r.operator("KickoutUser", "RoomId", "$room", "UserId[]", "$bob", "CustomReason", "gone")
		alice.until(`got("roomUserUpdate").some((line) => line[1] === "DELETE")`)
		dev.fault(t, r.fill(`{"fault":"restore","user":"$bob"}`))
		bob.untilSlow(`states().at(-1) === "KICKOUT"`)
		bob.want(`got("roomStateChanged").at(-1)`, `["$room", "KICKOUT", 1002055, "{\"custom_kickout_message\":\"gone\"}"]`)
		bob.login()
	})
}
