package dynamodb

import (
	"bytes"
	"encoding/binary"
)

// Keys in the file: four bytes that spread partitions, the hash key, the sort key; in an index also the key of the item it
// points to. Each part is self-delimiting and its bytes order as its values do.

// appendPart appends one key attribute.
func appendPart(dst, value []byte) []byte {
	c := content(value)
	if value[0] == tagNumber {
		var buf [64]byte
		n, _ := parseNumber(c, buf[:])
		return n.appendKey(dst)
	}
	dst = appendEscaped(dst, c)
	return append(dst, 0, 1)
}

func appendEscaped(dst, c []byte) []byte {
	for {
		i := bytes.IndexByte(c, 0)
		if i < 0 {
			return append(dst, c...)
		}
		dst = append(dst, c[:i+1]...)
		dst = append(dst, 0xff)
		c = c[i+1:]
	}
}

// appendPartition appends the spreading bytes and the hash key.
func appendPartition(dst, hash []byte) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = appendPart(dst, hash)
	binary.BigEndian.PutUint32(dst[start:], spread(dst[start+4:]))
	return dst
}

// spread is FNV-1a with a final mix; it must never change, files depend on it.
func spread(b []byte) uint32 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 32
	return uint32(h)
}

// successor is the first key after all keys that begin with prefix; nil if there is none.
func successor(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			out := append([]byte(nil), prefix[:i+1]...)
			out[i]++
			return out
		}
	}
	return nil
}

// keyAttr is a key attribute's name and type; without a name there is none.
type keyAttr struct {
	name string
	tag  byte
}

// keySchema is the key of a table or an index.
type keySchema struct{ hash, sort keyAttr }

func (k keySchema) has(name string) bool {
	return name == k.hash.name || name == k.sort.name && name != ""
}

func (k keySchema) count() int {
	if k.sort.name == "" {
		return 1
	}
	return 2
}

const (
	maxHashKey = 2048
	maxSortKey = 1024
)

// fits refuses the value of a key that is longer than the service takes.
func fits(value []byte, sort bool) error {
	switch size := len(content(value)); {
	case !sort && size > maxHashKey:
		return badParameter("Size of hashkey has exceeded the maximum size limit of2048 bytes")
	case sort && size > maxSortKey:
		return badParameter("Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
	}
	return nil
}

// primary makes the file key of an item that is to be written.
func (k keySchema) primary(it item) ([]byte, error) {
	hash, err := k.hash.take(it)
	if err != nil {
		return nil, err
	}
	if err := fits(hash, false); err != nil {
		return nil, err
	}
	if k.sort.name == "" {
		return appendPartition(make([]byte, 0, 64), hash), nil
	}
	sort, err := k.sort.take(it)
	if err != nil {
		return nil, err
	}
	if err := fits(sort, true); err != nil {
		return nil, err
	}
	return appendPart(appendPartition(make([]byte, 0, 64), hash), sort), nil
}

func (a keyAttr) take(it item) ([]byte, error) {
	v := it.attr(a.name)
	if v == nil {
		return nil, badParameter("Missing the key %s in the item", a.name)
	}
	if v[0] != a.tag {
		return nil, badParameter("Type mismatch for key %s expected: %c actual: %s", a.name, a.tag, typeName(v[0]))
	}
	if len(content(v)) == 0 {
		return nil, emptyKey(a)
	}
	return v, nil
}

func emptyKey(a keyAttr) error {
	kind := "string"
	if a.tag == tagBinary {
		kind = "binary"
	}
	return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", kind, a.name)
}

// given makes the file key of a Key parameter, which must hold the key attributes and nothing else.
func (k keySchema) given(it item) ([]byte, error) {
	n := 0
	for rest := it.raw; len(rest) > 0; n++ {
		var name, v []byte
		name, v, rest = nextAttr(rest)
		switch {
		case string(name) == k.hash.name && v[0] == k.hash.tag:
		case k.sort.name != "" && string(name) == k.sort.name && v[0] == k.sort.tag:
		default:
			return nil, invalid("The provided key element does not match the schema")
		}
	}
	if n != k.count() {
		return nil, invalid("The provided key element does not match the schema")
	}
	return k.primary(it)
}

// project keeps the key attributes of an item.
func (k keySchema) project(it item) item {
	var raw []byte
	for rest := it.raw; len(rest) > 0; {
		name, v, r := nextAttr(rest)
		if k.has(string(name)) {
			raw = appendBytes(raw, name)
			raw = append(raw, v...)
		}
		rest = r
	}
	return itemOf(raw)
}
