package local

import (
	"sort"
	"sync"
)

// Usage sums the calls of one kind that a function made.
type Usage struct {
	Function   string  `json:"function"` // "" for a developer's own calls
	Service    string  `json:"service"`  // dynamodb, sqs, s3 or ssm
	Action     string  `json:"action"`
	Resource   string  `json:"resource"` // table, table/index, queue, bucket or parameter
	Error      string  `json:"error,omitempty"`
	Calls      int     `json:"calls"`
	ReadUnits  float64 `json:"readUnits,omitempty"`
	WriteUnits float64 `json:"writeUnits,omitempty"`
	Requests   float64 `json:"requests,omitempty"` // of SQS, as billed
	Bytes      int64   `json:"bytes,omitempty"`    // of S3, sent or answered
}

// meter sums usage, for the whole stack and for callers that are watched.
type meter struct {
	mu      sync.Mutex
	sums    map[Usage]*Usage // by everything but the numbers
	watched map[string]*[]Usage
}

func newMeter() *meter { return &meter{sums: map[Usage]*Usage{}, watched: map[string]*[]Usage{}} }

// watch also lists, in order, the calls made with an access key. end returns them.
func (m *meter) watch(key string) (end func() []Usage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := &[]Usage{}
	m.watched[key] = list
	return func() []Usage {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.watched, key)
		return *list
	}
}

func (m *meter) add(key string, u Usage) {
	kind := u
	kind.Calls, kind.ReadUnits, kind.WriteUnits, kind.Requests, kind.Bytes = 0, 0, 0, 0, 0
	m.mu.Lock()
	defer m.mu.Unlock()
	sum := m.sums[kind]
	if sum == nil {
		sum = &Usage{}
		*sum = kind
		m.sums[kind] = sum
	}
	sum.Calls += u.Calls
	sum.ReadUnits += u.ReadUnits
	sum.WriteUnits += u.WriteUnits
	sum.Requests += u.Requests
	sum.Bytes += u.Bytes
	if list := m.watched[key]; list != nil {
		*list = append(*list, u)
	}
}

func (m *meter) usage() []Usage {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Usage, 0, len(m.sums))
	for _, u := range m.sums {
		out = append(out, *u)
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := out[i], out[j]
		switch {
		case a.Function != b.Function:
			return a.Function < b.Function
		case a.Service != b.Service:
			return a.Service < b.Service
		case a.Resource != b.Resource:
			return a.Resource < b.Resource
		case a.Action != b.Action:
			return a.Action < b.Action
		}
		return a.Error < b.Error
	})
	return out
}
