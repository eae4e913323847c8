// Package storefront reads the signed notices of shop systems: what happened in a shop becomes events as a client would send them. It is pure; ingest checks who
// sent a notice and takes its events. The surprising thing: a signature tells who has sent a notice, and not who typed what it repeats, so that a call may say
// less than the shop system that told it.
package storefront

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// System is a shop system whose notices are understood.
type System struct {
	Signature, Topic string // headers of a notice
	// events says what a notice of a topic means, as calls of the batch form; nil for a topic that means nothing here. proves judges the userHash
	// that came with a userId which a page has put into the cart.
	events func(topic string, body []byte, proves func(userID, userHash string) bool) ([]Call, error)
}

// The systems.
var (
	Shopify     = System{"X-Shopify-Hmac-Sha256", "X-Shopify-Topic", shopifyEvents}
	WooCommerce = System{"X-WC-Webhook-Signature", "X-WC-Webhook-Topic", wooEvents}
)

// Events says what a notice of a topic means, as calls of the batch form; none for a topic that means nothing here. proves judges the userHash that came with a
// userId which a page has put into the cart. An error is ErrNotice, or names the field of the notice and the reason.
func (s System) Events(topic string, body []byte, proves func(userID, userHash string) bool) ([]Call, error) {
	if !formed(topic, body) {
		return nil, ErrNotice
	}
	return s.events(topic, body, proves)
}

// Signed says in constant time whether signature is the base64 HMAC-SHA256 of body by one of the secrets. Nothing is signed with an empty one.
func Signed(secrets []string, body []byte, signature string) bool {
	have, err := base64.StdEncoding.DecodeString(strings.TrimSpace(signature))
	ok := false
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		ok = hmac.Equal(have, mac.Sum(nil)) && secret != "" || ok
	}
	return ok && err == nil
}
