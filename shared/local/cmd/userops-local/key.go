package main

import (
	"crypto/sha256"
	"encoding/hex"
)

// The demo keys are fixed, so that examples and the demo can name them. They open nothing but this machine.
const (
	demoWriteKey    = "demo-write-key"
	demoServerKey   = "demo-server-key"
	demoOperatorKey = "demo-operator-key"
	demoUserSecret  = "demo-user-hash-secret"

	demoWebhookSecret = "demo-webhook-secret"
	demoSessionSecret = "demo-session-secret"
)

func hash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}
