package proof

import (
	"strings"
	"testing"
)

// The values were computed by another program: openssl dgst -hmac, and openssl kdf ... HKDF.
func TestGoldenKeys(t *testing.T) {
	if got := UserHash("demo-user-hash-secret", "u-1001"); got != "786decae3ddb75eaa25783cf3ab033ddb358c2854704bc7d1002452ef44cd79e" {
		t.Errorf("userHash %s", got)
	}
	if got := UserHashSecret("root"); got != "eeb1db0f0e6302b9effa5267aa3daa404f96732b60d21fd017f84d4043fc072a" {
		t.Errorf("the shop's secret is %s", got)
	}
	// What a deployment with one secret has mailed for ever.
	if got := New(nil, []string{"secret"}).Sign(Unsubscribe, "PROFILE.email.N1"); got != "qXKX25ueJWwf0YqZgUoD3w" {
		t.Errorf("the link of old is signed %s", got)
	}
}

func TestWhoOwns(t *testing.T) {
	given, root := UserHash("given", "mei"), UserHash(UserHashSecret("root"), "mei")
	for name, c := range map[string]struct {
		keys *Keys
		hash string
		want bool
	}{
		"by the secret that was given":         {New(nil, []string{"given"}), given, true},
		"in capitals":                          {New(nil, []string{"given"}), strings.ToUpper(given), true},
		"by the one before":                    {New(nil, []string{"new", "given"}), given, true},
		"by the one before that":               {New(nil, []string{"new", "newer"}), given, false},
		"by what is derived":                   {New([]string{"root"}, nil), root, true},
		"by what is derived of the one before": {New([]string{"new", "root"}, nil), root, true},
		"by the root itself":                   {New([]string{"root"}, nil), UserHash("root", "mei"), false},
		"beside a root":                        {New([]string{"root"}, []string{"given"}), given, true},
		"of somebody else":                     {New(nil, []string{"given"}), UserHash("given", "bob"), false},
		"cut":                                  {New(nil, []string{"given"}), given[:63], false},
		"empty":                                {New(nil, []string{"given"}), "", false},
		"without a secret":                     {New([]string{""}, []string{""}), UserHash("", "mei"), false},
		"without keys":                         {nil, UserHash("", "mei"), false},
	} {
		if got := c.keys.Owns("mei", c.hash); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if New(nil, []string{"given"}).Owns("", UserHash("given", "")) {
		t.Error("nobody is somebody")
	}
}

// TestLinksOutliveAChange follows a deployment from one secret to a root and through its rotation: each link holds as long as its secret is known.
func TestLinksOutliveAChange(t *testing.T) {
	steps := []*Keys{
		New(nil, []string{"given"}),
		New([]string{"root-1"}, []string{"given"}),
		New([]string{"root-2", "root-1"}, []string{"", "given"}),
		New([]string{"root-3", "root-2"}, nil),
	}
	signed := make([]string, len(steps))
	for i, k := range steps {
		signed[i] = k.Sign(Unsubscribe, "text")
	}
	want := [][]int{{0}, {0, 1}, {0, 1, 2}, {2, 3}} // whose links each takes
	for i, k := range steps {
		for j, s := range signed {
			holds := false
			for _, one := range want[i] {
				holds = holds || one == j
			}
			if got := k.Signed(Unsubscribe, "text", s); got != holds {
				t.Errorf("step %d takes the link of step %d: %v", i, j, got)
			}
			if k.Signed(Confirmation, "text", s) || k.Signed(Unsubscribe, "text2", s) || k.Signed(Unsubscribe, "text", s+"A") {
				t.Errorf("step %d takes a link of step %d for what it is not", i, j)
			}
		}
	}
	// A userHash of any id is no signature, which was possible while both were made by the same key.
	if hash := UserHash(UserHashSecret("root-1"), "unsubscribe\x00text"); strings.Contains(hash, signed[1]) || steps[1].Signed(Unsubscribe, "text", hash) {
		t.Error("a userHash signs a link")
	}
	for i, k := range append(steps, New([]string{"root"}, nil), New([]string{"root"}, []string{"given"})) {
		if !k.CanSign() {
			t.Errorf("step %d cannot sign", i)
		}
	}
	for _, none := range []*Keys{nil, New(nil, nil), New([]string{""}, []string{""})} {
		if none.CanSign() || none.Sign(Unsubscribe, "text") != "" || none.Signed(Unsubscribe, "text", "") || len(none.Secrets(Confirmation)) != 0 {
			t.Error("nothing signs")
		}
	}
	if s := steps[2].Secrets(Confirmation); len(s) != 3 || s[0] == "root-2" || s[2] != "given" {
		t.Errorf("sealed with %q", s)
	}
}
