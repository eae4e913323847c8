package dynamodb

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"
)

// definition is a table as kept in the file and as its parameters name it.
type definition struct {
	ID                        uint32
	TableName                 string
	ARN                       string
	Created                   time.Time
	AttributeDefinitions      []attributeDefinition
	KeySchema                 []keyElement
	BillingMode               string
	ProvisionedThroughput     *throughput
	GlobalSecondaryIndexes    []indexDefinition
	LocalSecondaryIndexes     []indexDefinition
	StreamSpecification       *streamSpecification
	StreamLabel               string
	TimeToLiveAttribute       string
	DeletionProtectionEnabled bool
	PointInTimeRecovery       bool
	TableClass                string
	Tags                      []tag
	NextIndex                 uint32
}

type attributeDefinition struct{ AttributeName, AttributeType string }

type keyElement struct{ AttributeName, KeyType string }

type throughput struct{ ReadCapacityUnits, WriteCapacityUnits int64 }

type projection struct {
	ProjectionType   string
	NonKeyAttributes []string `json:",omitempty"`
}

type indexDefinition struct {
	IndexName             string
	KeySchema             []keyElement
	Projection            *projection
	ProvisionedThroughput *throughput `json:",omitempty"`
	Number                uint32      // of its bucket
	Building              bool        // items written before it are still being added
}

type streamSpecification struct {
	StreamEnabled  bool
	StreamViewType string `json:",omitempty"`
}

type tag struct{ Key, Value string }

// table is a definition made ready for use. It is never changed, only replaced.
type table struct {
	definition
	schema  keySchema
	bucket  []byte
	indexes []*index
	stream  []byte // bucket of the stream, nil if none was ever enabled
	counted *tableCount
	ttl     *ttlProgress
}

// tableCount caches what DescribeTable tells about the content.
type tableCount struct {
	mu    sync.Mutex
	at    time.Time
	items int
	bytes int
}

// ttlProgress is where the sweep of a table stands.
type ttlProgress struct {
	mu   sync.Mutex
	next []byte
}

type index struct {
	name       string
	schema     keySchema
	global     bool
	projection string
	include    []string
	building   bool
	bucket     []byte
	base       keySchema
}

func bucketName(kind byte, id, number uint32) []byte {
	b := binary.BigEndian.AppendUint32([]byte{kind}, id)
	return binary.BigEndian.AppendUint32(b, number)
}

func (t *table) streamARN() string { return t.ARN + "/stream/" + t.StreamLabel }

func (d *definition) ready(previous *table) *table {
	t := &table{definition: *d, counted: &tableCount{}, ttl: &ttlProgress{}}
	if previous != nil {
		t.counted, t.ttl = previous.counted, previous.ttl
	}
	types := map[string]byte{}
	for _, a := range d.AttributeDefinitions {
		types[a.AttributeName] = a.AttributeType[0]
	}
	t.schema = schemaOf(d.KeySchema, types)
	t.bucket = bucketName('d', d.ID, 0)
	if d.StreamLabel != "" {
		t.stream = bucketName('s', d.ID, 0)
	}
	add := func(defs []indexDefinition, global bool) {
		for _, x := range defs {
			t.indexes = append(t.indexes, &index{
				name: x.IndexName, schema: schemaOf(x.KeySchema, types), global: global, projection: x.Projection.ProjectionType,
				include: x.Projection.NonKeyAttributes, building: x.Building, bucket: bucketName('i', d.ID, x.Number), base: t.schema,
			})
		}
	}
	add(d.GlobalSecondaryIndexes, true)
	add(d.LocalSecondaryIndexes, false)
	return t
}

func schemaOf(elements []keyElement, types map[string]byte) keySchema {
	var k keySchema
	for _, e := range elements {
		a := keyAttr{e.AttributeName, types[e.AttributeName]}
		if e.KeyType == "HASH" {
			k.hash = a
		} else {
			k.sort = a
		}
	}
	return k
}

func (t *table) find(name string) *index {
	for _, x := range t.indexes {
		if x.name == name {
			return x
		}
	}
	return nil
}

// covers says whether the index holds the attribute.
func (x *index) covers(name string) bool {
	return x.projection == "ALL" || x.schema.has(name) || x.base.has(name) || slices.Contains(x.include, name)
}

// project is the item as the index holds it.
func (x *index) project(it item) item {
	if x.projection == "ALL" {
		return it
	}
	out := make([]byte, 0, 128)
	for rest := it.raw; len(rest) > 0; {
		name, v, r := nextAttr(rest)
		if x.covers(string(name)) {
			out = appendBytes(out, name)
			out = append(out, v...)
		}
		rest = r
	}
	return itemOf(out)
}

// entry is the key of the item in the index, nil if the item is not in it: the index's key attributes, then the item's key.
func (x *index) entry(it item, primary []byte) []byte {
	if !it.exists() {
		return nil
	}
	hash := it.attr(x.schema.hash.name)
	if hash == nil || hash[0] != x.schema.hash.tag || len(content(hash)) == 0 {
		return nil
	}
	var sort []byte
	if x.schema.sort.name != "" {
		sort = it.attr(x.schema.sort.name)
		if sort == nil || sort[0] != x.schema.sort.tag || len(content(sort)) == 0 {
			return nil
		}
	}
	key := appendPartition(make([]byte, 0, 96), hash)
	if sort != nil {
		key = appendPart(key, sort)
	}
	return append(key, primary...)
}

// check refuses an item whose attributes do not fit the keys of an index.
func (x *index) check(it item, updating bool) error {
	for i, a := range []keyAttr{x.schema.hash, x.schema.sort} {
		if a.name == "" || x.base.has(a.name) {
			continue
		}
		v := it.attr(a.name)
		if v == nil {
			continue
		}
		if v[0] != a.tag {
			if updating {
				return badParameter("The update expression attempted to update the secondary index key to unsupported type. IndexName: %s, IndexKey: %s", x.name, a.name)
			}
			return badParameter("Type mismatch for Index Key %s Expected: %c Actual: %s IndexName: %s", a.name, a.tag, typeName(v[0]), x.name)
		}
		switch n := len(content(v)); {
		case n == 0:
			kind := "string"
			if a.tag == tagBinary {
				kind = "binary"
			}
			return invalid("One or more parameter values are not valid. A value specified for a secondary index key is not supported. "+
				"The AttributeValue for a key attribute cannot contain an empty %s value. IndexName: %s, IndexKey: %s", kind, x.name, a.name)
		case i == 0 && n > maxHashKey:
			return badParameter("Size of hashkey has exceeded the maximum size limit of2048 bytes")
		case i == 1 && n > maxSortKey:
			return badParameter("Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
		}
	}
	return nil
}

// baseKey takes the item's key out of an index entry.
func (x *index) baseKey(entry []byte) []byte {
	rest := skipPart(entry[4:], x.schema.hash.tag)
	if x.schema.sort.name != "" {
		rest = skipPart(rest, x.schema.sort.tag)
	}
	return rest
}

// skipPart passes over one key attribute.
func skipPart(b []byte, tag byte) []byte {
	if tag == tagNumber {
		if b[0] == 2 {
			return b[1:]
		}
		end := byte(0)
		if b[0] == 1 {
			end = 0xff
		}
		for i := 2; ; i++ {
			if b[i] == end {
				return b[i+1:]
			}
		}
	}
	for i := 0; ; i++ {
		if b[i] == 0 {
			if b[i+1] == 1 {
				return b[i+2:]
			}
			i++
		}
	}
}
