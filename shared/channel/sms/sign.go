package sms

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// algorithm is the provider's third way of signing, as it names it.
const algorithm = "ACS3-HMAC-SHA256"

// operation is what is asked of the provider.
type operation struct{ action, version, date, nonce string }

// sign signs a request without a body: its headers say what is asked and when, and one more who asks.
func sign(r *http.Request, o operation, keyID, secret string) {
	none := digest("")
	for name, value := range map[string]string{
		"x-acs-action": o.action, "x-acs-version": o.version, "x-acs-date": o.date, "x-acs-signature-nonce": o.nonce, "x-acs-content-sha256": none,
	} {
		r.Header.Set(name, value)
	}
	names := []string{"host"}
	values := map[string]string{"host": r.Host}
	for name := range r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-acs-") {
			names = append(names, name)
			values[name] = strings.TrimSpace(r.Header.Get(name))
		}
	}
	slices.Sort(names)
	var headers strings.Builder
	for _, name := range names {
		headers.WriteString(name + ":" + values[name] + "\n")
	}
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	signed := strings.Join(names, ";")
	canonical := strings.Join([]string{r.Method, path, r.URL.RawQuery, headers.String(), signed, none}, "\n")
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(algorithm + "\n" + digest(canonical)))
	r.Header.Set("Authorization", algorithm+" Credential="+keyID+",SignedHeaders="+signed+",Signature="+hex.EncodeToString(mac.Sum(nil)))
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// query writes parameters in the order and the letters that are signed: what url.Values writes, with blanks as RFC 3986 has them.
func query(values url.Values) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(values.Encode())
}
