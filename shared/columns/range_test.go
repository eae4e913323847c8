package columns

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/userops/userops/shared/domain/people/event"
)

// TestBlocksOfOthersAreNotRead: who is asked about some people reads the blocks in which they are.
func TestBlocksOfOthersAreNotRead(t *testing.T) {
	var all []Event
	for i := range 3 * maxBlockEvents {
		all = append(all, Event{person(fmt.Sprint(i % 300)), event.Event{MessageID: fmt.Sprint(i), Kind: event.Track, Name: "A", Timestamp: noon, ReceivedAt: noon}})
	}
	raw := written(t, oneShard, sorted(all))
	from := &counting{ReaderAt: bytes.NewReader(raw)}
	f, err := Open(from, int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	read := func(r Reading) (people, size int) {
		t.Helper()
		from.bytes = 0
		r.Shards = 1
		return len(readAll(t, r, probe{}, f)), from.bytes
	}
	everybody, whole := read(Reading{})
	first, last := f.stats[0].last, f.stats[len(f.stats)-1].last
	low, lowBytes := read(Reading{Before: first})
	middle, _ := read(Reading{From: first, Before: last})
	high, highBytes := read(Reading{From: last})
	if everybody != 300 || low+middle+high != everybody || low == 0 || high == 0 {
		t.Errorf("%d, %d and %d people of %d", low, middle, high, everybody)
	}
	if 2*lowBytes > whole || 2*highBytes > whole {
		t.Errorf("%d and %d bytes are read of %d", lowBytes, highBytes, whole)
	}
}
