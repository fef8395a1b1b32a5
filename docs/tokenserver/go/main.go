// A token server: GET /token?user=alice answers {"token":"04…"}. Standard library
// only; copy it. APP_ID and SERVER_SECRET are those of the app.
package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

func main() {
	appID, err := strconv.ParseUint(os.Getenv("APP_ID"), 10, 32)
	block, bad := aes.NewCipher([]byte(os.Getenv("SERVER_SECRET"))) // the 32 characters as they are
	if err != nil || bad != nil {
		log.Fatal("Set APP_ID to the app's number and SERVER_SECRET to its 32 characters.")
	}
	seal, _ := cipher.NewGCM(block) // AES always fits

	mint := func(user string, life time.Duration) string {
		now, nonce := time.Now(), make([]byte, 12+4)
		_, _ = rand.Read(nonce) // never fails
		expires := now.Add(life).Unix()
		claims, _ := json.Marshal(map[string]any{ // plain values always marshal
			"app_id": appID, "user_id": user, "ctime": now.Unix(), "expire": expires,
			"nonce": int32(binary.BigEndian.Uint32(nonce[12:])), "payload": "",
		})
		sealed := seal.Seal(nil, nonce[:12], claims, nil)
		token := binary.BigEndian.AppendUint64(nil, uint64(expires))
		token = append(binary.BigEndian.AppendUint16(token, 12), nonce[:12]...)
		token = append(binary.BigEndian.AppendUint16(token, uint16(len(sealed))), sealed...)
		return "04" + base64.StdEncoding.EncodeToString(append(token, 1))
	}
	http.HandleFunc("GET /token", func(w http.ResponseWriter, r *http.Request) {
		user := r.URL.Query().Get("user") // put here who is logged in with you: never trust the query
		if user == "" || len(user) > 64 {
			http.Error(w, `{"error":"ask for /token?user=alice"}`, http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(map[string]string{"token": mint(user, time.Hour)}) // the client hung up
	})
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("tokens at http://%s/token?user=alice", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}
