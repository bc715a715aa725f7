-- Databricks notebook source
SELECT :marker
