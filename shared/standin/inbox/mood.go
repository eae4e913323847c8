package inbox

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// mood is how the fake provider of a channel behaves until it is told otherwise: it is slow, it refuses with a code of its own, or it takes a message and its answer gets lost.
type mood struct {
	Slow   time.Duration
	Refuse string
	Lose   bool
}

// moods are those of the channels.
type moods struct {
	mu  sync.Mutex
	all map[Channel]mood
}

func (m *moods) of(c Channel) mood {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.all[c]
}

// receive answers POST /local/mood/{channel}?slow=5s&refuse=CODE&lose=true, which holds until the next one; without parameters the provider behaves.
func (m *moods) receive(w http.ResponseWriter, r *http.Request, name string) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		http.Error(w, "a mood is set with POST", http.StatusMethodNotAllowed)
		return
	}
	q := r.URL.Query()
	set := mood{Refuse: q.Get("refuse"), Lose: q.Get("lose") == "true"}
	if text := q.Get("slow"); text != "" {
		var err error
		if set.Slow, err = time.ParseDuration(text); err != nil || set.Slow < 0 || set.Slow > time.Minute {
			http.Error(w, "slow is not a time from 0s to 1m", http.StatusBadRequest)
			return
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == nil {
		m.all = map[Channel]mood{}
	}
	m.all[Channel(name)] = set
	_, _ = fmt.Fprintf(w, "%+v\n", set)
}

// wait is slow as told; false says that the client has gone.
func (m mood) wait(r *http.Request) bool {
	if m.Slow == 0 {
		return true
	}
	t := time.NewTimer(m.Slow)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// lost cuts the connection after a message was taken.
func lost(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if c, _, err := h.Hijack(); err == nil {
			_ = c.Close()
			return
		}
	}
	panic(http.ErrAbortHandler)
}
