package profile

import (
	"sync"
	"time"
)

// maxZones bounds the memory of names that are no zones; there are about 600 that are.
const maxZones = 2000

// zones remembers what names lead to: looking one up reads a file, which costs more than the rest of a fold.
var zones struct {
	sync.Mutex
	known map[string]*time.Location
}

// zoneOf is the location of a tzdata name, nil where there is none.
func zoneOf(name string) *time.Location {
	if name == "" || name == "Local" {
		return nil
	}
	zones.Lock()
	defer zones.Unlock()
	zone, asked := zones.known[name]
	if asked {
		return zone
	}
	if zones.known == nil || len(zones.known) >= maxZones {
		zones.known = map[string]*time.Location{}
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		zone = nil
	}
	zones.known[name] = zone
	return zone
}

// Location is where the person's clock is: the zone that an event last named, else another.
func (m *Memory) Location(otherwise *time.Location) *time.Location {
	if zone := zoneOf(m.Zone.Value); zone != nil {
		return zone
	}
	return otherwise
}
