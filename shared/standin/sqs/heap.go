package sqs

// Slots of message.pos.
const (
	byVisibility = iota
	byAge
)

// timeHeap keeps messages by a time, the earliest first; every message knows its place, so that any can be removed.
type timeHeap struct {
	slot  int
	items []timed
}

type timed struct {
	at int64
	m  *message
}

// before breaks ties by the order of sending.
func (a timed) before(b timed) bool {
	return a.at < b.at || a.at == b.at && a.m.seq < b.m.seq
}

func (h *timeHeap) push(m *message, at int64) {
	h.items = append(h.items, timed{at, m})
	h.up(len(h.items) - 1)
}

func (h *timeHeap) remove(m *message) {
	i := int(m.pos[h.slot])
	last := len(h.items) - 1
	moved := h.items[last]
	h.items[last] = timed{}
	h.items = h.items[:last]
	if i == last {
		return
	}
	h.items[i] = moved
	h.down(i)
	h.up(i)
}

func (h *timeHeap) up(i int) {
	it := h.items[i]
	for i > 0 {
		parent := (i - 1) / 2
		if !it.before(h.items[parent]) {
			break
		}
		h.set(i, h.items[parent])
		i = parent
	}
	h.set(i, it)
}

func (h *timeHeap) down(i int) {
	it := h.items[i]
	for {
		child := 2*i + 1
		if child >= len(h.items) {
			break
		}
		if child+1 < len(h.items) && h.items[child+1].before(h.items[child]) {
			child++
		}
		if !h.items[child].before(it) {
			break
		}
		h.set(i, h.items[child])
		i = child
	}
	h.set(i, it)
}

func (h *timeHeap) set(i int, it timed) {
	h.items[i] = it
	it.m.pos[h.slot] = int32(i)
}

// groupHeap holds the open groups, the one with the oldest first message first.
type groupHeap []*group

func (h *groupHeap) push(g *group) {
	*h = append(*h, g)
	h.up(len(*h) - 1)
}

func (h *groupHeap) remove(g *group) {
	i, last := g.pos, len(*h)-1
	moved := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	g.pos = -1
	if i == last {
		return
	}
	(*h)[i] = moved
	moved.pos = i
	h.down(i)
	h.up(i)
}

func (h groupHeap) up(i int) {
	g := h[i]
	for i > 0 {
		parent := (i - 1) / 2
		if h[parent].first <= g.first {
			break
		}
		h[i] = h[parent]
		h[i].pos = i
		i = parent
	}
	h[i] = g
	g.pos = i
}

func (h groupHeap) down(i int) {
	g := h[i]
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1].first < h[child].first {
			child++
		}
		if g.first <= h[child].first {
			break
		}
		h[i] = h[child]
		h[i].pos = i
		i = child
	}
	h[i] = g
	g.pos = i
}
