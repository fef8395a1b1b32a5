package token_test

import "testing"

func BenchmarkVerify04(b *testing.B) {
	privilege := demo
	privilege.Payload = `{"room_id":"r1","privilege":{"1":1,"2":1},"stream_id_list":null}`
	for _, c := range []struct {
		name, token string
		secrets     []string
	}{
		{"basic CBC", vectorCBC, []string{secret}},
		{"basic CBC, second secret", vectorCBC, []string{secret2, secret}},
		{"basic GCM", vectorGCM, []string{secret}},
		{"privilege CBC", mint(b, privilege, secret, false), []string{secret}},
	} {
		b.Run(c.name, func(b *testing.B) {
			v := verifier(b, c.secrets...)
			b.ReportAllocs()
			for b.Loop() {
				claims, err := v.Verify(c.token, "demo", before)
				if err != nil {
					b.Fatal(err)
				}
				if err := claims.AllowsLogin("r1"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
