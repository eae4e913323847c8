package secret

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/standin/ssm"
)

// book answers with what it holds, or fails.
type book struct {
	mu     sync.Mutex
	values map[string]string
	fault  error
	reads  int
	asked  []string
}

func (b *book) Read(_ context.Context, names []string) (map[string]string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reads++
	b.asked = names
	return b.values, b.fault
}

func TestAStoreGoesOnWithWhatItKnows(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	b := &book{fault: errors.New("away")}
	s := New(b, func() time.Time { return now }, Root, UserHash, "smtp-password")
	want := func(value string, reads int, known bool) {
		t.Helper()
		got, err := s.Value(t.Context(), "smtp-password")
		if got != value || b.reads != reads || (err == nil) != known {
			t.Errorf("%q after %d readings, %v; want %q after %d", got, b.reads, err, value, reads)
		}
	}
	want("", 1, false)
	want("", 1, false) // at once nobody asks again
	now = now.Add(anew)
	b.fault, b.values = nil, map[string]string{"smtp-password": "one", Root: "root-2", Root + Previous: "root-1"}
	want("one", 2, true)
	if strings.Join(b.asked, " ") != "secret secret-previous user-hash user-hash-previous smtp-password" {
		t.Errorf("asked %q", b.asked)
	}
	b.values = map[string]string{"smtp-password": "two"}
	now = now.Add(4*time.Minute - time.Nanosecond)
	want("one", 2, true)
	now = now.Add(2*time.Minute + time.Nanosecond)
	want("two", 3, true)
	b.fault = errors.New("away")
	now = now.Add(6 * time.Minute)
	want("two", 4, true) // the last good one
	now = now.Add(again - time.Nanosecond)
	want("two", 4, true)
	now = now.Add(time.Nanosecond)
	b.fault = nil
	b.values = map[string]string{}
	want("", 5, true) // taken away is taken away
}

func TestAReadingOfManyIsOne(t *testing.T) {
	b := &book{values: map[string]string{Root: "r"}}
	s := New(b, time.Now, Root)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if keys, err := s.Keys(t.Context()); err != nil || !keys.CanSign() {
				t.Errorf("%v", err)
			}
		})
	}
	all.Wait()
	if b.reads != 1 {
		t.Errorf("%d readings", b.reads)
	}
}

func TestTheEnvironmentStandsInWithoutAPath(t *testing.T) {
	t.Setenv("USER_HASH", "of the shop")
	t.Setenv("SECRET", "")
	keys, err := Open("", time.Now, Root, UserHash).Keys(t.Context())
	if err != nil || !keys.Owns("mei", proof.UserHash("of the shop", "mei")) {
		t.Errorf("%v", err)
	}
}

// TestParameters asks the stand-in, which knows the protocol from elsewhere: what is there, what is not, what may not be read, and what is broken.
func TestParameters(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secrets.json")
	if err := os.WriteFile(file, []byte(`{"/shop/secret":"root\n","/other/secret":"x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := ssm.New(ssm.Options{Path: file, Values: map[string]string{"/shop/secret": "of the demo", "/shop/user-hash": "given"}, Authorize: func(c ssm.Call) error {
		if c.AccessKeyID != "AK" || strings.HasSuffix(c.Name, "smtp-password") {
			return errors.New("no")
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	var fails int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fails > 0 {
			fails--
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		store.ServeHTTP(w, r)
	}))
	defer server.Close()
	for name, value := range map[string]string{"AWS_REGION": "cn-north-1", "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL_SSM": server.URL} {
		t.Setenv(name, value)
	}
	p := &Parameters{Path: "/shop", Now: time.Now}
	for _, c := range []struct {
		fails int
		names []string
		want  string
		fault string
	}{
		{0, []string{Root, Root + Previous, UserHash}, "root,,given", ""},
		{1, []string{Root}, "root", ""},
		{2, []string{Root}, "", "the Parameter Store answered 500"},
		{0, []string{Root, "smtp-password"}, "", "the Parameter Store answered 400 AccessDeniedException"},
		{0, []string{Root, "a", "b", "c", "d", "e", "f", "g", "h", "i", UserHash}, "root,,,,,,,,,,given", ""}, // the service takes ten in a call
		{1, []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", UserHash}, ",,,,,,,,,,given", ""},
		{0, []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "smtp-password"}, "", "the Parameter Store answered 400 AccessDeniedException"},
	} {
		fails = c.fails
		values, err := p.Read(t.Context(), c.names)
		var got []string
		for _, name := range c.names {
			got = append(got, values[name])
		}
		if c.fault == "" && (err != nil || strings.Join(got, ",") != c.want) || c.fault != "" && (err == nil || !strings.HasPrefix(err.Error(), c.fault)) || fails != 0 {
			t.Errorf("%v: %q, %v", c.names, got, err)
		}
	}
	if err := os.WriteFile(file, []byte(`{"/shop/secret":"very secret`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Read(t.Context(), []string{Root}); err == nil || strings.Contains(err.Error(), "very") {
		t.Errorf("a broken file: %v", err)
	}
}

func TestEndpoints(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL_SSM", "")
	for region, want := range map[string]string{"eu-central-1": "https://ssm.eu-central-1.amazonaws.com/", "cn-northwest-1": "https://ssm.cn-northwest-1.amazonaws.com.cn/"} {
		p := &Parameters{}
		p.config.Region = region
		if got := p.endpoint(); got != want {
			t.Errorf("%s: %s", region, got)
		}
	}
}
