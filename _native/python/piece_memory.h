/* Pieces of memory for Python. */
#ifndef MACSEC_PIECE_MEMORY_H
#define MACSEC_PIECE_MEMORY_H

#include "python/python.h"

#include "base/pieces.h"

/* Return a buffer of the first octets of a piece, which it uses; or NULL with an error set. A piece
   of NULL has no octets. */
PyObject *macsec_piece_memory(macsec_piece *piece, size_t octets);

/* Return the pool of this thread, made at the first call. NULL, without an error: take pieces
   without a pool. */
macsec_pieces *macsec_pool(void);

#endif
