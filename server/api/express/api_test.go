package express_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/internal/wire"
)

// TestSignatureOfTheDescription holds this test's own client to the example that
// the API's description gives.
func TestSignatureOfTheDescription(t *testing.T) {
	got := signature(12345, "4fd24687296dd9f3", "9193cc662a4c0ec135ec71fb57194b38", 1615186943)
	if want := "43e5cfcca828314675f91b001390566a"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestCommonParameters(t *testing.T) {
	s := start(t, true)
	now := time.Now().Unix()
	signed := func(nonce, secret string, at int64) url.Values {
		return url.Values{"SignatureNonce": {nonce}, "Timestamp": {strconv.FormatInt(at, 10)}, "Signature": {signature(appID, nonce, secret, at)}}
	}
	used := freshNonce()
	for _, tc := range []struct {
		name   string
		change url.Values // a value "" is left out
		code   int
	}{
		{"as it should be", nil, 0},
		{"another secret of the app", signed(freshNonce(), newSecret, now), 0},
		{"nearly 10 minutes early", signed(freshNonce(), appSecret, now+595), 0},
		{"nearly 10 minutes late", signed(freshNonce(), appSecret, now-595), 0},
		{"IsTest that is neither", url.Values{"IsTest": {"perhaps"}}, 0},
		{"without IsTest", url.Values{"IsTest": {""}}, 0},
		{"a nonce", signed(used, appSecret, now), 0},
		{"the same again", signed(used, appSecret, now), 100000005},
		{"the same nonce at another time", signed(used, appSecret, now+1), 100000005},
		{"no app", url.Values{"AppId": {""}}, 100000001},
		{"an app that is no number", url.Values{"AppId": {"x"}}, 100000001},
		{"an app beyond 32 bits", url.Values{"AppId": {"4294967296"}}, 100000001},
		{"no time", url.Values{"Timestamp": {""}}, 100000002},
		{"a time that is none", url.Values{"Timestamp": {"today"}}, 100000003},
		{"11 minutes late", signed(freshNonce(), appSecret, now-660), 100000004},
		{"11 minutes early", signed(freshNonce(), appSecret, now+660), 100000004},
		{"milliseconds", signed(freshNonce(), appSecret, now*1000), 100000004},
		{"another signature", url.Values{"Signature": {strings.Repeat("0", 32)}}, 100000005},
		{"a short signature", url.Values{"Signature": {"0"}}, 100000005},
		{"a secret that is not the app's", signed(freshNonce(), "0123456789abcdef0123456789abcdef", now), 100000005},
		{"a signature of another time", url.Values{"Timestamp": {strconv.FormatInt(now-1, 10)}}, 100000005},
		{"no action", url.Values{"Action": {"-"}}, 100000007},
		{"an action that there is not", url.Values{"Action": {"sendBroadcastMessage"}}, 100000007},
		{"no nonce", url.Values{"SignatureNonce": {""}}, 100000008},
		{"no signature", url.Values{"Signature": {""}}, 100000009},
		{"an app that there is not", url.Values{"AppId": {"7"}}, 100000010},
		{"no version", url.Values{"SignatureVersion": {""}}, 100000013},
		{"another version", url.Values{"SignatureVersion": {"1.0"}}, 100000014},
	} {
		query := common("DescribeUserNum")
		query.Set("RoomId[]", "r")
		for name, values := range tc.change {
			query[name] = values
			if values[0] == "" {
				query.Del(name)
			}
		}
		got, _ := s.send(http.MethodGet, query.Encode(), "", "")
		if got.Code != tc.code {
			t.Errorf("%s: %d %s, want %d", tc.name, got.Code, got.Message, tc.code)
		}
	}
	query := common("")
	got, answer := s.send(http.MethodGet, query.Encode(), "", "")
	s.wantCode("an empty action", got, 100000006)
	for name := range answer.Header {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("pages of other origins are let read: %s", name)
		}
	}
	if answer.Header.Get("Cache-Control") != "no-store" {
		t.Error("the answer may be cached")
	}
	got, _ = s.send(http.MethodGet, "Action=X&AppId=%zz", "", "")
	s.wantCode("a query that can't be decoded", got, 8)
}

// TestNoncesAreOfTheirApp: a nonce used in one app is good in another, and one
// that came with a wrong signature is not used up.
func TestNoncesAreOfTheirApp(t *testing.T) {
	s := start(t, true)
	query := common("DescribeUserNum")
	query.Set("RoomId", "r")
	right := query.Get("Signature")
	query.Set("Signature", "x")
	got, _ := s.send(http.MethodGet, query.Encode(), "", "")
	s.wantCode("a wrong signature", got, 100000005)
	query.Set("Signature", right)
	if got, _ = s.send(http.MethodGet, query.Encode(), "", ""); got.Code != 0 {
		t.Errorf("the right signature: %d %s", got.Code, got.Message)
	}
	now := time.Now().Unix()
	query.Set("AppId", strconv.Itoa(otherID))
	query.Set("Timestamp", strconv.FormatInt(now, 10))
	query.Set("Signature", signature(otherID, query.Get("SignatureNonce"), otherApps, now))
	if got, _ = s.send(http.MethodGet, query.Encode(), "", ""); got.Code != 0 {
		t.Errorf("another app: %d %s", got.Code, got.Message)
	}
}

func TestMessages(t *testing.T) {
	s := start(t, true)
	alice, bob := s.enter("alice", "r"), s.enter("bob", "r")
	from := "RoomId=r&UserId=server&UserName=The+%E6%9C%8D%E5%8A%A1&MessageCategory=1&MessageContent="
	var last float64
	for i, text := range []string{"hi", "a b&c=d", "😀\u0000", strings.Repeat("字", 341)} {
		got := s.get("SendBroadcastMessage", from+url.QueryEscape(text))
		var data struct{ MessageID float64 }
		if err := json.Unmarshal(got.Data, &data); got.Code != 0 || err != nil || data.MessageID <= last {
			t.Fatalf("%d: %d %s %s, want a number above %v", i, got.Code, got.Message, got.Data, last)
		}
		last = data.MessageID
		for _, u := range []*user{alice, bob} {
			u.hears(fmt.Sprintf("RELIABLE MESSAGE server/The 服务 %s #%.0f", text, last))
		}
	}
	got := s.post("SendBarrageMessage", `{"RoomId":"r","UserId":"server","MessageCategory":2,"MessageContent":"\u003c3"}`)
	var data struct{ MessageID string }
	if err := json.Unmarshal(got.Data, &data); got.Code != 0 || err != nil || !strings.HasPrefix(data.MessageID, "1_") || strings.Count(data.MessageID, "_") != 2 {
		t.Fatalf("barrage: %d %s %s", got.Code, got.Message, got.Data)
	}
	for _, u := range []*user{alice, bob} {
		u.hears("LOSSY MESSAGE server/- <3 #" + data.MessageID)
	}

	s.good(s.get("SendCustomCommand", "RoomId=r&FromUserId=server&ToUserId[]=bob&ToUserId[]=ghost&ToUserId[]=bob&MessageContent=one"),
		`{"FailUsers":[{"Uid":"ghost","Code":50003}]}`)
	s.good(s.get("SendCustomCommand", "RoomId=r&FromUserId=server&ToUserId=alice&MessageContent=two"), `{"FailUsers":[]}`)
	s.good(s.post("SendCustomCommand", `{"RoomId":"r","FromUserId":"alice","ToUserId":["bob","alice"],"MessageContent":"three"}`), `{"FailUsers":[]}`)
	s.good(s.get("SendCustomCommand", "RoomId=r&FromUserId=server&MessageContent=all"), `{"FailUsers":[]}`)
	s.good(s.get("SendCustomCommand", "RoomId=r&FromUserId=server&ToUserId[]=ghost&MessageContent=none"), `{"FailUsers":[{"Uid":"ghost","Code":50003}]}`)
	s.get("SendBroadcastMessage", "RoomId=r&UserId=bob&UserName=B&MessageCategory=2&MessageContent=not+to+bob")
	s.get("SendBroadcastMessage", "RoomId=r&UserId=server&MessageCategory=2&MessageContent=end")
	for u, want := range map[*user][]string{
		alice: {"COMMAND server/- two", "COMMAND server/- all", "MESSAGE bob/B not to bob", "MESSAGE server/- end"},
		bob:   {"COMMAND server/- one", "COMMAND alice/- three", "COMMAND server/- all", "MESSAGE server/- end"},
	} {
		for _, line := range want {
			select {
			case got := <-u.heard:
				if !strings.HasPrefix(got, "RELIABLE "+line+" #") {
					t.Errorf("%s heard %s, want %s", u.id, got, line)
				}
			case <-time.After(patience):
				t.Fatalf("%s heard nothing, want %s", u.id, line)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	s := start(t, true)
	s.enter("alice", "r")
	ids := func(name string, n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = name + "=" + name + strconv.Itoa(i)
		}
		return strings.Join(list, "&")
	}
	long := func(n int) string { return strings.Repeat("x", n) }
	for _, tc := range []struct {
		action, params string
		code           int
	}{
		{"SendBroadcastMessage", "RoomId=none&UserId=u&MessageCategory=1&MessageContent=x", 104},
		{"SendBroadcastMessage", "UserId=u&MessageCategory=1&MessageContent=x", 2},
		{"SendBroadcastMessage", "RoomId=r&MessageCategory=1&MessageContent=x", 2},
		{"SendBroadcastMessage", "RoomId=r&UserId=u&MessageContent=x", 2},
		{"SendBroadcastMessage", "RoomId=r&UserId=u&MessageCategory=3&MessageContent=x", 2},
		{"SendBroadcastMessage", "RoomId=r&UserId=u&MessageCategory=x&MessageContent=x", 2},
		{"SendBroadcastMessage", "RoomId=r&UserId=a%0Ab&MessageCategory=1&MessageContent=x", 2},
		{"SendBroadcastMessage", "roomId=r&UserId=u&MessageCategory=1&MessageContent=x", 2}, // names have their case
		{"SendBroadcastMessage", "RoomId=" + long(129) + "&UserId=u&MessageCategory=1&MessageContent=x", 3},
		{"SendBroadcastMessage", "RoomId=r&UserId=" + long(65) + "&MessageCategory=1&MessageContent=x", 3},
		{"SendBroadcastMessage", "RoomId=r&UserId=u&UserName=" + long(257) + "&MessageCategory=1&MessageContent=x", 3},
		{"SendBroadcastMessage", "RoomId=r&UserId=u&MessageCategory=1", 1008},
		{"SendBroadcastMessage", "RoomId=r&UserId=u&MessageCategory=1&MessageContent=" + long(1025), 50012},
		{"SendBroadcastMessage", "RoomId=r&UserId=u&MessageCategory=1&MessageContent=%ff", 5201},
		{"SendBroadcastMessage", "RoomId=r&UserId=u%ff&MessageCategory=1&MessageContent=x", 8},
		{"SendBroadcastMessage", "RoomId=r&UserId=u&UserName=%ff&MessageCategory=1&MessageContent=x", 8},
		{"SendBarrageMessage", "RoomId=none&UserId=u&MessageCategory=1&MessageContent=x", 104},
		{"SendBarrageMessage", "RoomId=r&UserId=u&MessageCategory=1", 1008},
		{"SendBarrageMessage", "RoomId=r&UserId=u&MessageCategory=1&MessageContent=" + long(1025), 50012},
		{"SendBarrageMessage", "RoomId=r&UserId=u&MessageCategory=1&MessageContent=%ff", 8},
		{"SendCustomCommand", "RoomId=none&FromUserId=u&MessageContent=x", 50001},
		{"SendCustomCommand", "RoomId=none&FromUserId=u&ToUserId[]=a&MessageContent=x", 50001},
		{"SendCustomCommand", "RoomId=r&UserId=u&MessageContent=x", 2},
		{"SendCustomCommand", "RoomId=r&FromUserId=u", 1008},
		{"SendCustomCommand", "RoomId=r&FromUserId=u&ToUserId[]=&MessageContent=x", 2},
		{"SendCustomCommand", "RoomId=r&FromUserId=u&MessageContent=" + long(1025), 50012},
		{"SendCustomCommand", "RoomId=r&FromUserId=u&MessageContent=x&" + ids("ToUserId[]", 11), 50011},
		{"SendCustomCommand", "RoomId=r&FromUserId=u&MessageContent=x&" + ids("ToUserId[]", 10), 0},
		{"KickoutUser", "RoomId=none&UserId[]=u", 104},
		{"KickoutUser", "RoomId=r", 2},
		{"KickoutUser", "RoomId=r&" + ids("UserId[]", 6), 50011},
		{"KickoutUser", "RoomId=r&" + ids("UserId[]", 5), 0},
		{"KickoutUser", "RoomId=r&UserId[]=u&CustomReason=" + long(257), 3},
		{"KickoutUser", "RoomId=r&UserId[]=alice&CustomReason=%ff", 8},
		{"CloseRoom", "RoomId=none", 5024},
		{"CloseRoom", "", 2},
		{"CloseRoom", "RoomId=r&CustomReason=" + long(257), 3},
		{"CloseRoom", "RoomId=r&RoomCloseCallback=maybe", 2},
		{"DescribeUserNum", "", 2},
		{"DescribeUserNum", ids("RoomId[]", 11), 3},
		{"DescribeUserNum", ids("RoomId[]", 10), 0},
		{"DescribeUserList", "", 2},
		{"DescribeUserList", "RoomId=r&Mode=2", 2},
		{"DescribeUserList", "RoomId=r&Limit=201", 2},
		{"DescribeUserList", "RoomId=r&Limit=-1", 2},
		{"DescribeUserList", "RoomId=r&Marker=x", 2},
		{"DescribeUserList", "RoomId=r&Marker=5-", 2},
		{"DescribeUsers", "RoomId=r", 2},
		{"DescribeUsers", "RoomId=none&UserId[]=alice", 50001},
		{"DescribeUsers", "RoomId=r&" + ids("UserId[]", 11), 3},
		{"DescribeUsers", "RoomId=r&" + ids("UserId[]", 10), 0},
		{"SetForbidUserRule", "UserId=u&DisabledPrivilege[]=1&EffectiveTime=1", 2},
		{"SetForbidUserRule", "RuleType=5&UserId=u&DisabledPrivilege[]=1&EffectiveTime=1", 2},
		{"SetForbidUserRule", "RuleType=1&IP=192.0.2.1&DisabledPrivilege[]=1&EffectiveTime=1", 9},
		{"SetForbidUserRule", "RuleType=2&UserId=u&DisabledPrivilege[]=1&EffectiveTime=1", 2},
		{"SetForbidUserRule", "RuleType=3&RoomId=r&DisabledPrivilege[]=1&EffectiveTime=1", 2},
		{"SetForbidUserRule", "RuleType=4&UserId=u&DisabledPrivilege[]=1&EffectiveTime=1", 2},
		{"SetForbidUserRule", "RuleType=3&UserId=u&EffectiveTime=1", 2},
		{"SetForbidUserRule", "RuleType=3&UserId=u&DisabledPrivilege[]=3&EffectiveTime=1", 2},
		{"SetForbidUserRule", "RuleType=3&UserId=u&DisabledPrivilege[]=1", 2},
		{"SetForbidUserRule", "RuleType=3&UserId=u&DisabledPrivilege[]=1&EffectiveTime=0", 2},
		{"SetForbidUserRule", "RuleType=3&UserId=u&DisabledPrivilege[]=1&EffectiveTime=86401", 2},
		{"DelForbidUserRule", "RuleType=3", 2},
		{"DelForbidUserRule", "RuleType=3&UserId=nobody", 0},
		{"DescribeForbidUserRules", "", 2},
		{"DescribeForbidUserRules", "RuleType=0", 2},
	} {
		if got := s.get(tc.action, tc.params); got.Code != tc.code {
			t.Errorf("%s %.80s: %d %s, want %d", tc.action, tc.params, got.Code, got.Message, tc.code)
		}
	}
}

func TestBodies(t *testing.T) {
	s := start(t, true)
	s.enter("alice", "r")
	for _, tc := range []struct {
		name, kind, body string
		code             int
	}{
		{"JSON", "application/json", `{"RoomId":"r","UserId":["alice","bob"]}`, 0},
		{"JSON with a character set", "application/json; charset=utf-8", `{"RoomId":"r","UserId":["alice"]}`, 0},
		{"JSON that is not said to be", "", `{"RoomId":"r","UserId":"alice"}`, 0},
		{"JSON with the query's names", "application/json", `{"RoomId":"r","UserId[]":["alice"]}`, 0},
		{"a form", "application/x-www-form-urlencoded", "RoomId=r&UserId[]=alice", 0},
		{"JSON that is said to be a form", "application/x-www-form-urlencoded", `{"RoomId":"r","UserId":["alice"]}`, 0},
		{"null", "application/json", `{"RoomId":"r","UserId":null}`, 2},
		{"a number where an id is wanted is one", "application/json", `{"RoomId":"r","UserId":[7]}`, 0},
		{"nothing", "application/json", ``, 2},
		{"no object", "application/json", `[]`, 8},
		{"null alone", "application/json", `null`, 8},
		{"no JSON", "application/json", `{"RoomId":`, 8},
		{"no form", "application/x-www-form-urlencoded", "RoomId=%zz", 8},
		{"an object inside", "application/json", `{"RoomId":{"a":1},"UserId":["alice"]}`, 2},
		{"a list in a list", "application/json", `{"RoomId":"r","UserId":[["alice"]]}`, 2},
		{"null in a list", "application/json", `{"RoomId":"r","UserId":[null]}`, 2},
		{"too long", "application/json", `{"RoomId":"` + strings.Repeat("r", 64<<10) + `"}`, 3},
	} {
		got, _ := s.send(http.MethodPost, common("DescribeUsers").Encode(), tc.kind, tc.body)
		if got.Code != tc.code {
			t.Errorf("%s: %d %s, want %d", tc.name, got.Code, got.Message, tc.code)
		}
	}
	got, _ := s.send(http.MethodPost, common("DescribeUsers").Encode()+"&RoomId=none&UserId[]=alice", "application/json", `{"RoomId":"r"}`)
	if got.Code != 0 {
		t.Errorf("a body beside the query: %d %s, want the body to win and the rest to count", got.Code, got.Message)
	}
}

func TestKick(t *testing.T) {
	s := start(t, true)
	alice, bob := s.enter("alice", "r", "other"), s.enter("bob", "r")
	s.good(s.get("KickoutUser", "RoomId=r&UserId[]=alice&UserId[]=ghost&CustomReason="+url.QueryEscape(`be "nice" 😀`)), "")
	alice.hears(`removed r KICKED ` + strconv.Quote(`be "nice" 😀`))
	s.good(s.get("DescribeUserNum", "RoomId[]=r"), `{"UserCountList":[{"RoomId":"r","UserCount":1,"AdminUserCount":0}]}`)
	s.get("SendBroadcastMessage", "RoomId=other&UserId=server&MessageCategory=1&MessageContent=still+there")
	if got := <-alice.heard; !strings.Contains(got, "still there") {
		t.Errorf("alice heard %s", got)
	}
	// And may come in again.
	s.enter("alice", "r")
	s.good(s.post("CloseRoom", `{"RoomId":"r","CustomReason":"over","RoomCloseCallback":true}`), "")
	bob.hears(`removed r KICKED "over"`)
	s.good(s.get("DescribeUserNum", "RoomId[]=r"), `{"UserCountList":[{"RoomId":"r","UserCount":0,"AdminUserCount":0}]}`)
	s.wantCode("closed again", s.get("CloseRoom", "RoomId=r"), 5024)
	s.enter("carol", "r") // a room of that name may begin anew
}

func TestUsers(t *testing.T) {
	s := start(t, true)
	begin := time.Now().UnixMilli()
	for _, id := range []string{"dave", "bob-1", "carol", "alice"} {
		s.enter(id, "r")
	}
	s.good(s.get("DescribeUserNum", "RoomId[]=r&RoomId[]=none&RoomId[]=r"), `{"UserCountList":[
		{"RoomId":"r","UserCount":4,"AdminUserCount":0},{"RoomId":"none","UserCount":0,"AdminUserCount":0}]}`)
	s.good(s.get("DescribeUserNum", "RoomId=r"), `{"UserCountList":[{"RoomId":"r","UserCount":4,"AdminUserCount":0}]}`)

	list := func(params string) (ids []string, marker string) {
		t.Helper()
		got := s.get("DescribeUserList", params)
		var data struct {
			Marker   *string
			UserList []struct {
				UserID, UserName string
				UserRole         int
			}
		}
		if err := json.Unmarshal(got.Data, &data); got.Code != 0 || err != nil || data.Marker == nil || data.UserList == nil {
			t.Fatalf("%s: %d %s %s", params, got.Code, got.Message, got.Data)
		}
		for _, u := range data.UserList {
			if u.UserName != "Name of "+u.UserID || u.UserRole == 0 {
				t.Errorf("%s: %+v", params, u)
			}
			ids = append(ids, u.UserID)
		}
		return ids, *data.Marker
	}
	type status struct {
		UserID    string
		Status    int
		LoginTime int64
		UserRole  int
	}
	statuses := func(params string) []status {
		t.Helper()
		got := s.get("DescribeUsers", params)
		var data struct{ UserStatusList []status }
		if err := json.Unmarshal(got.Data, &data); err != nil {
			t.Fatalf("%d %s %s", got.Code, got.Message, got.Data)
		}
		return data.UserStatusList
	}
	byLogin := statuses("RoomId=r&UserId[]=alice&UserId[]=bob-1&UserId[]=carol&UserId[]=dave")
	slices.SortStableFunc(byLogin, func(a, b status) int { return cmp.Compare(a.LoginTime, b.LoginTime) })
	var order []string
	for _, u := range byLogin {
		order = append(order, u.UserID)
	}
	backwards := slices.Clone(order)
	slices.Reverse(backwards)
	for params, want := range map[string][]string{
		"RoomId=r": order, "RoomId=r&Mode=1": backwards, "RoomId=r&Mode=0&Limit=0&Marker=": order, "RoomId=r&Limit=200": order, "RoomId=none": nil,
	} {
		if ids, marker := list(params); !slices.Equal(ids, want) || marker != "" {
			t.Errorf("%s: %q, marker %q, want %q and no more", params, ids, marker, want)
		}
	}
	for _, mode := range []string{"0", "1"} {
		var all []string
		for marker := ""; ; {
			ids, next := list("RoomId=r&Limit=1&Mode=" + mode + "&Marker=" + url.QueryEscape(marker))
			if len(ids) != 1 {
				t.Fatalf("a page of one has %q", ids)
			}
			all = append(all, ids...)
			if marker = next; marker == "" {
				break
			}
			if ms, _, ok := strings.Cut(marker, "-"); !ok || len(ms) != 13 {
				t.Errorf("marker %q", marker)
			}
		}
		whole, _ := list("RoomId=r&Mode=" + mode)
		if strings.Join(all, " ") != strings.Join(whole, " ") || len(all) != 4 {
			t.Errorf("mode %s: page by page %q, at once %q", mode, all, whole)
		}
	}

	found := statuses("RoomId=r&UserId[]=ghost&UserId[]=dave")
	if len(found) != 2 {
		t.Fatalf("%+v, want an answer for each", found)
	}
	ghost, dave := found[0], found[1]
	if ghost.UserID != "ghost" || ghost.Status != 0 || ghost.LoginTime != 0 {
		t.Errorf("%+v, want nobody there", ghost)
	}
	if dave.UserID != "dave" || dave.Status != 1 || dave.LoginTime < begin || dave.LoginTime > time.Now().UnixMilli() || dave.UserRole == 0 {
		t.Errorf("%+v, want dave since a moment after %d", dave, begin)
	}
}

func TestBanRules(t *testing.T) {
	s := start(t, true)
	inside := s.enter("alice", "r")
	before := time.Now().Unix()
	got := s.get("SetForbidUserRule", "RuleType=4&RoomId=r&UserId=alice&DisabledPrivilege[]=1&DisabledPrivilege[]=2&EffectiveTime=3600")
	var data struct{ ExpireTime int64 }
	if err := json.Unmarshal(got.Data, &data); got.Code != 0 || err != nil || data.ExpireTime < before+3600 || data.ExpireTime > time.Now().Unix()+3600 {
		t.Fatalf("%d %s %s, want an end in an hour", got.Code, got.Message, got.Data)
	}
	s.get("SendBroadcastMessage", "RoomId=r&UserId=server&MessageCategory=1&MessageContent=x")
	if got := <-inside.heard; !strings.Contains(got, " x #") {
		t.Errorf("who is inside heard %s, want to be left alone", got)
	}
	s.get("KickoutUser", "RoomId=r&UserId[]=alice")
	inside.hears(`removed r KICKED ""`)
	for _, rule := range []string{
		"RuleType=3&UserId=bob&DisabledPrivilege[]=1&EffectiveTime=60", "RuleType=2&RoomId=closed&DisabledPrivilege=1&EffectiveTime=60",
		"RuleType=3&UserId=carol&DisabledPrivilege[]=2&EffectiveTime=60", // only from publishing streams
	} {
		if got := s.get("SetForbidUserRule", rule); got.Code != 0 {
			t.Errorf("%s: %d %s", rule, got.Code, got.Message)
		}
	}
	for _, tc := range []struct {
		user, room string
		banned     bool
	}{
		{"alice", "r", true}, {"alice", "other", false}, {"bob", "other", true}, {"carol", "r", false}, {"carol", "closed", true},
	} {
		_, err := s.connect(tc.user, tc.room)
		if (wire.CodeOf(err) == wire.CodeBanned) != tc.banned || err == nil == tc.banned {
			t.Errorf("%s into %s: %v, want banned: %v", tc.user, tc.room, err, tc.banned)
		}
	}
	list := s.get("DescribeForbidUserRules", "RuleType=4")
	s.good(list, `{"RuleList":[{"RuleType":4,"IP":"","RoomId":"r","UserId":"alice","DisabledPrivilegeList":[1],"ExpireTime":`+strconv.FormatInt(data.ExpireTime, 10)+`}]}`)
	for kind, want := range map[string]int{"1": 0, "2": 1, "3": 1} {
		var data struct{ RuleList []any }
		if err := json.Unmarshal(s.get("DescribeForbidUserRules", "RuleType="+kind).Data, &data); err != nil || data.RuleList == nil || len(data.RuleList) != want {
			t.Errorf("rules of kind %s: %v, %v; want %d", kind, data.RuleList, err, want)
		}
	}
	s.good(s.get("DelForbidUserRule", "RuleType=4&RoomId=r&UserId=alice"), "")
	s.enter("alice", "r")
	for i := range 200 {
		s.get("SetForbidUserRule", "RuleType=2&DisabledPrivilege[]=1&EffectiveTime=60&RoomId=x"+strconv.Itoa(i))
	}
	s.wantCode("a rule too many", s.get("SetForbidUserRule", "RuleType=2&DisabledPrivilege[]=1&EffectiveTime=60&RoomId=y"), 50123)
}

// TestRates: an app that calls more often than it may is refused, and so is who
// lists one room twice within a second.
func TestRates(t *testing.T) {
	s := start(t, false)
	// On a slow machine a second may pass between two calls.
	again := func(action, params string, first, code int) {
		t.Helper()
		if got := s.get(action, params); got.Code != first {
			t.Errorf("%s: %d %s, want %d", action, got.Code, got.Message, first)
		}
		for range 20 {
			if got := s.get(action, params); got.Code == code {
				return
			}
		}
		t.Errorf("%s is never refused with %d", action, code)
	}
	again("CloseRoom", "RoomId=none", 5024, 206)
	again("DescribeUserList", "RoomId=r", 0, 207)
	if got := s.get("DescribeUserList", "RoomId=r2"); got.Code != 0 {
		t.Errorf("another room: %d %s", got.Code, got.Message)
	}
}
