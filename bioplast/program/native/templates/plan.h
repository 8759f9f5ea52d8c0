// All that a call of the loop over samples is given, and what has become of it.
#pragma once
#include "real.h"
#include "sample.h"

struct Pending {
  const int64_t* rows;
  int64_t count;
};

// All fields have eight bytes; library.py has them in the same order.
struct Plan {
  int64_t samples, moments, threads;
  void (*moment)(Sample*);
  // clocks: the first step of each, what is due in each moment and which step (null where all are always due), dt, and
  // the arrays that hold time and step
  int64_t clocks;
  const int64_t* first;
  const uint8_t* const* due;
  const int64_t* const* step;
  const double* dt;
  const int64_t *time_array, *step_array;
  // [samples, ...] of each
  int64_t arrays;
  void** array;
  const int64_t* sizes;
  const int32_t* const* index;
  int64_t tables;
  const Table* table;
  int64_t events;
  const int64_t* neurons;
  const Given* given;
  int64_t ways;
  const Wires* const* wires;
  const Pending* pending;
  uint8_t* const* past;  // [slots, neurons] of each
  const int64_t* way_neurons;
  int64_t columns;
  Column* column;
  int64_t records;
  void** record;
  int64_t sites;
  const real* const* draws;
  const uint64_t* seeds;
  int64_t scratch;
  // the watch for what is not finite: arrays, their sizes, whether they are of synapses, which to watch [samples, ...]
  int64_t watched;
  const int64_t *watched_array, *watched_size;
  const uint8_t *watched_synaptic, *watched_here;
  int64_t watch_every;
  double start;
  // to end early, and what has become of it
  int64_t stop, done, failed, failed_array, failed_index;
  double failed_value, failed_now, failed_last;
  // of monitors of events the whole raster [steps, neurons] of bytes, or null
  int64_t rasters;
  uint8_t* const* raster;
  // so many samples, which follow each other, go through one thread
  int64_t chunk;
  // the way back, null without one: [samples, ...] of what comes back to each array and so on
  void (*back)(Sample*);
  const int64_t *offset, *bytes, *frame_size;
  const uint8_t* event_back;
  real* const* array_back;
  real* const* table_back;
  real* const* record_back;
  real* const* raster_back;
  real* const* given_back;
  real* const* way_back;  // [slots, neurons] each, null for nothing
  // what is made once in a run: how many numbers, and how many arrays with how many bytes
  void (*begin)(Sample*);
  int64_t common;
  int64_t steady;
  const int64_t* steady_bytes;
  // Of a call from XLA, null in others; [samples, ...] but for sizes. Arrays that a run changes begin as copies: of how
  // many bytes, and of what; those without a place of their own lie where the thread works.
  const int64_t* array_bytes;
  const void* const* array_from;
  // numbers in place of truth values: of events that are given, [moments, neurons], of rasters and of past events
  const real* const* given_real;
  real* const* raster_real;
  const int64_t* raster_size;
  real* const* past_real;
  // what comes back to arrays begins as copies, too, or with 0: how many numbers, of what, and whether it does so for
  // each sample
  const int64_t* back_size;
  const real* const* back_from;
  const uint8_t* back_each;
  // what is called before and after the runs that go through one thread, with the first of them
  void* sums;
  void (*before)(void*, int64_t);
  void (*after)(void*, int64_t);
};

extern "C" int64_t bioplast_run(Plan* plan);
