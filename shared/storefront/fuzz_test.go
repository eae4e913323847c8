package storefront

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/people/event"
)

// FuzzSigned: a signature holds for the body that it was made of and the secret that made it, and no text does else. HMAC fills a key with zeros, so two secrets may sign alike.
func FuzzSigned(f *testing.F) {
	f.Add([]byte(`{"id":1}`), "secret", "before", "AAAA")
	f.Add([]byte(``), "", "", "")
	f.Add([]byte(`x`), "a", "", "=\n")
	f.Add([]byte(`0`), "\x00", "", "")
	f.Fuzz(func(t *testing.T, body []byte, secret, before, signature string) {
		sum := func(key string, body []byte) string {
			mac := hmac.New(sha256.New, []byte(key))
			mac.Write(body)
			return base64.StdEncoding.EncodeToString(mac.Sum(nil))
		}
		secrets := []string{secret, before}
		for i, key := range secrets {
			alike := slices.ContainsFunc(secrets, func(other string) bool { return other != "" && sum(other, body) == sum(key, body) })
			if Signed(secrets, body, sum(key, body)) != alike {
				t.Fatalf("the signature by secret %d, of %d bytes, holds: %v", i, len(key), !alike)
			}
		}
		if Signed(secrets, append(bytes.Clone(body), 'x'), sum(secret, body)) || Signed(nil, body, sum(secret, body)) {
			t.Fatal("a signature holds for another body, or without a secret")
		}
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(signature))
		ours := slices.ContainsFunc(secrets, func(key string) bool {
			return key != "" && base64.StdEncoding.EncodeToString(raw) == sum(key, body)
		})
		if Signed(secrets, body, signature) != (err == nil && ours) {
			t.Fatalf("%q holds: %v", signature, !ours)
		}
	})
}

// FuzzPerson: of the attributes of a cart the device is whom a text or a number names, and the user nobody whom no proof stands beside.
func FuzzPerson(f *testing.F) {
	f.Add([]byte(`[{"name":"userId","value":"ann"},{"name":"userHash","value":"good"},{"name":"anonymousId","value":7}]`))
	f.Add([]byte(`[{"name":"userId","value":"null"},{"name":"userId","value":"ann"},{"name":"userHash","value":{}}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var read []struct {
			Name  string
			Value any
		}
		if unmarshal(body, &read) != nil {
			return
		}
		var all []attribute
		for _, a := range read {
			all = append(all, attribute{a.Name, a.Value})
		}
		if user, _ := person(all, func(string, string) bool { return false }); user != "" {
			t.Fatalf("%s is %q without a proof", body, user)
		}
		proved := ""
		user, anonymous := person(all, func(id, hash string) bool {
			if hash == "good" && id != "" {
				proved = id
				return true
			}
			return false
		})
		if user != "" && (proved == "" || event.Meaningful(user) != user) || anonymous != "" && event.Meaningful(anonymous) != anonymous {
			t.Fatalf("%s is the user %q on the device %q", body, user, anonymous)
		}
		if text, err := json.Marshal(anonymous); err != nil || anonymous != "" && !bytes.Contains(body, []byte(`anonymousId`)) && !bytes.Contains(body, []byte(`\u`)) {
			t.Fatalf("%s is the device %s, %v", body, text, err)
		}
	})
}
