package profile

import "testing"

// A person is found by the ids of identifiers, and jobs are known by their names: these ids were computed by another program.
func TestGoldenIDs(t *testing.T) {
	for i, want := range map[Identifier]ID{
		{UserID, "mei"}: "gbOBfCNI2WeriD7lUXFExQ", {AnonymousID, "d-1"}: "pRzjxXbhc-JjWSMh4OCbeQ",
		{Email, "mei@shop.example"}: "1ZNf_oGm-A2QTO8oGHM1-g", {Phone, "+8613812345678"}: "aptzHKpR1yJa38sFgRLScw",
	} {
		if got := i.ID(); got != want {
			t.Errorf("%v: %s, want %s", i, got, want)
		}
	}
	for kind, want := range map[IdentifierKind]string{UserID: "user", AnonymousID: "anonymous", Email: "email", Phone: "phone", Device: "device", OpenID: "openid", UnionID: "unionid"} {
		if string(kind) != want {
			t.Errorf("kind %q, want %q", kind, want)
		}
	}
	for f, want := range map[Follow]string{{Version: 3, N: 1}: "p.3.1", {Part: "q", Version: 12, N: 0}: "q.12.0"} {
		if got := f.JobID("p"); got != want {
			t.Errorf("job id %s, want %s", got, want)
		}
	}
	for kind, want := range map[FollowKind]string{FollowOrder: "order", FollowSignUp: "signup", FollowEvent: "event", FollowEntered: "entered", FollowExited: "exited", FollowReport: "report", FollowUnconfirmed: "unconfirmed"} {
		if string(kind) != want {
			t.Errorf("follow %q, want %q", kind, want)
		}
	}
}
