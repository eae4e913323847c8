package local

import "github.com/userops/userops/shared/standin/inbox"

// The keys that the fake providers of the inbox know.
const (
	SMSKeyID  = inbox.SMSKeyID
	SMSSecret = inbox.SMSSecret
)
