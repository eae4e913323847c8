package dynamodb

import (
	"math"
	"strconv"
)

// cost is the capacity one operation consumed on one table.
type cost struct {
	table         *table
	index         *index // a query's or scan's
	read, write   float64
	indexes       []float64 // write units by the table's indexes; nil for none
	transactional bool
}

func writeUnits(size int) float64 { return max(1, math.Ceil(float64(size)/1024)) }

// readUnits rounds a read up to 4 KB; an eventually consistent one costs half.
func readUnits(size int, consistent bool) float64 {
	u := max(1, math.Ceil(float64(size)/4096))
	if !consistent {
		u /= 2
	}
	return u
}

func (c *cost) addIndex(i int, units float64) {
	if c.indexes == nil {
		c.indexes = make([]float64, len(c.table.indexes))
	}
	c.indexes[i] += units
}

// add joins the cost of another item of the same table.
func (c *cost) add(o cost) {
	c.read += o.read
	c.write += o.write
	for i, u := range o.indexes {
		if u > 0 {
			c.addIndex(i, u)
		}
	}
}

// double is the price of a transaction.
func (c *cost) double() {
	c.transactional = true
	c.read *= 2
	c.write *= 2
	for i := range c.indexes {
		c.indexes[i] *= 2
	}
}

func (c *cost) totalWrite() float64 {
	total := c.write
	for _, u := range c.indexes {
		total += u
	}
	return total
}

// appendJSON writes a ConsumedCapacity.
func (c *cost) appendJSON(dst []byte, detailed bool) []byte {
	dst = append(dst, `{"TableName":`...)
	dst = appendText(dst, c.table.TableName)
	dst = append(dst, `,"CapacityUnits":`...)
	dst = appendUnits(dst, c.read+c.totalWrite())
	dst = c.appendKinds(dst, c.read, c.totalWrite())
	if !detailed {
		return append(dst, '}')
	}
	read, write := c.read, c.write
	if c.index != nil {
		read = 0
	}
	dst = append(dst, `,"Table":{"CapacityUnits":`...)
	dst = appendUnits(dst, read+write)
	dst = c.appendKinds(dst, read, write)
	dst = append(dst, '}')
	for _, group := range []struct {
		name   string
		global bool
	}{{"GlobalSecondaryIndexes", true}, {"LocalSecondaryIndexes", false}} {
		first := true
		for i, x := range c.table.indexes {
			r, w := 0.0, 0.0
			if c.index != nil && x.name == c.index.name {
				r = c.read
			}
			if i < len(c.indexes) {
				w = c.indexes[i]
			}
			if x.global != group.global || r+w == 0 {
				continue
			}
			if first {
				dst = append(dst, `,"`...)
				dst = append(dst, group.name...)
				dst = append(dst, `":{`...)
			} else {
				dst = append(dst, ',')
			}
			first = false
			dst = appendText(dst, x.name)
			dst = append(dst, `:{"CapacityUnits":`...)
			dst = appendUnits(dst, r+w)
			dst = c.appendKinds(dst, r, w)
			dst = append(dst, '}')
		}
		if !first {
			dst = append(dst, '}')
		}
	}
	return append(dst, '}')
}

// appendKinds tells reads and writes apart, as only transactions do.
func (c *cost) appendKinds(dst []byte, read, write float64) []byte {
	if !c.transactional {
		return dst
	}
	if read > 0 {
		dst = append(dst, `,"ReadCapacityUnits":`...)
		dst = appendUnits(dst, read)
	}
	if write > 0 {
		dst = append(dst, `,"WriteCapacityUnits":`...)
		dst = appendUnits(dst, write)
	}
	return dst
}

func appendUnits(dst []byte, u float64) []byte { return strconv.AppendFloat(dst, u, 'f', 1, 64) }
