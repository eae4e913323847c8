package local

import "github.com/userops/userops/shared/standin/inbox"

// The keys that the fake providers of the inbox know.
const (
	SMSKeyID  = inbox.SMSKeyID
	SMSSecret = inbox.SMSSecret

	FCMProject = inbox.FCMProject
	APNSKeyID  = inbox.APNSKeyID
	APNSTeam   = inbox.APNSTeam
	APNSTopic  = inbox.APNSTopic
)

// FCMAccount and APNSKey are the files by which the fakes of both push services know who calls.
func FCMAccount(a Addresses) string { return inbox.FCMAccount(a.Gateway) }
func APNSKey() string               { return inbox.APNSKey() }
